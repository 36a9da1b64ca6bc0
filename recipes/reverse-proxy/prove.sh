#!/usr/bin/env bash
# Proves deploy/nginx-subpath.conf with a real nginx: page, assets, REST and the live socket under /muster/.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

NGINX=$(command -v nginx || ls /usr/sbin/nginx 2>/dev/null) || { say "skipped: nginx is not installed"; exit 0; }
PORT=$(free_port) PROXY_PORT=$(free_port) DATA=$WORK/data
URL=http://127.0.0.1:$PORT
PUBLIC=https://127.0.0.1:$PROXY_PORT

say "The aggregator on loopback, nginx with TLS in front"
start muster "$MUSTER" up --data "$DATA" --listen "127.0.0.1:$PORT" --base-path /muster --trust-proxy \
  --public-url "$PUBLIC/muster" --no-agent --no-open
wait_for "the aggregator" healthy

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
  -addext subjectAltName=IP:127.0.0.1 -keyout "$WORK/key.pem" -out "$WORK/cert.pem" 2>/dev/null
{
  echo "daemon off; pid $WORK/nginx.pid; error_log $WORK/nginx-error.log; events {} http { access_log off;"
  for temp in client_body proxy fastcgi uwsgi scgi; do echo "${temp}_temp_path $WORK/$temp;"; done
  sed -e "s|127.0.0.1:4600|127.0.0.1:$PORT|; s|listen 443 ssl|listen 127.0.0.1:$PROXY_PORT ssl|" \
    -e "s|/etc/ssl/example.org.pem|$WORK/cert.pem|; s|/etc/ssl/example.org.key|$WORK/key.pem|" "$REPO/deploy/nginx-subpath.conf"
  echo "}"
} >"$WORK/nginx.conf"
start nginx "$NGINX" -e "$WORK/nginx-error.log" -c "$WORK/nginx.conf"
https() { curl -sS --cacert "$WORK/cert.pem" --max-time 20 "$@"; }
proxied() { https --fail "$PUBLIC/muster/healthz"; }
wait_for "nginx" proxied

say "The page knows its place, and its assets are there"
https --fail "$PUBLIC/muster/sign-in" >"$WORK/page.html"
grep -q '<base href="/muster/"' "$WORK/page.html" || fail "the page's base is not /muster/"
for asset in $(grep -oE '(src|href)="\./?[^"]+\.(js|css|svg)"' "$WORK/page.html" | cut -d'"' -f2); do
  https --fail --compressed -o /dev/null "$PUBLIC/muster/${asset#./}" || fail "$asset is not served"
done

say "REST answers with a credential, and only with one"
[ "$(https -o /dev/null -w '%{http_code}' "$PUBLIC/muster/api/v1/hosts")" = 401 ] || fail "hosts without a credential"
TOKEN=$(cat "$DATA/owner.token")
https --fail -H "Authorization: Bearer $TOKEN" "$PUBLIC/muster/api/v1/hosts" | json 'it.items.length' >/dev/null

say "A person signs in with the printed link; the live socket upgrades, for our own page only"
LINK=$(grep -o 'sign-in#[^ ]*' "$WORK/muster.log" | head -n1)
https --fail -o /dev/null -c "$WORK/cookies" -H "Origin: $PUBLIC" -H 'Content-Type: application/json' -d "{\"link\":\"${LINK#*#}\"}" \
  "$PUBLIC/muster/api/v1/sign-in" || fail "the sign-in link does not work"
# A socket that stands does not end by itself: curl gives up after a second, and tells the status all the same.
upgrade() {
  https --http1.1 --max-time 1 -o /dev/null -w '%{http_code}' -b "$WORK/cookies" -H "Origin: $1" -H 'Connection: Upgrade' -H 'Upgrade: websocket' \
    -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==' "$PUBLIC/muster/api/v1/live" 2>/dev/null || true
}
[ "$(upgrade "$PUBLIC")" = 101 ] || fail "the live socket does not pass: $(upgrade "$PUBLIC")"
[ "$(upgrade https://elsewhere.example)" = 403 ] || fail "a page of another origin was let in: $(upgrade https://elsewhere.example)"

say "An agent joins and links through nginx"
# nginx holds the certificate here, and no authority vouches for this one: the token gets the pin of nginx's key.
PIN=$(openssl x509 -in "$WORK/cert.pem" -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary |
  base64 | tr '+/' '-_' | tr -d '=')
JOIN=$("$MUSTER" host add vm-api --data "$DATA" 2>/dev/null)
HOME_2=$WORK/home-2 SESSION=4d1f7c80-93a2-4a5e-9c1b-2f0e6d7a8b90
mkdir -p "$HOME_2/.claude/projects"
env -i HOME="$HOME_2" PATH="$(dirname "$AGENT"):$PATH" sh -c "$JOIN.$PIN" || fail "joining through nginx does not work"
start agent env -i HOME="$HOME_2" PATH="$PATH" "$AGENT" run
FILE=$(session_file "$HOME_2/.claude/projects" $SESSION)
prompt $SESSION "Through the proxy" >"$FILE"
wait_for "the transcript of the host behind nginx" archived "$FILE"
say "Proved."

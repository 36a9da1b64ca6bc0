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

say "The live socket upgrades, for our origin only"
upgrade() {
  https --http1.1 --max-time 3 -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $TOKEN" -H "Origin: $1" -H 'Connection: Upgrade' \
    -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==' "$PUBLIC/muster/api/v1/live" || true
}
[ "$(upgrade "$PUBLIC")" = 101 ] || fail "the live socket does not pass: $(upgrade "$PUBLIC")"
[ "$(upgrade https://elsewhere.example)" = 403 ] || fail "a page of another origin was let in"
say "Proved."

/** Hosts that the pointer is on, anywhere on the page: map, list and strip show the same ones. */
export class Glance {
  hosts = $state.raw<readonly string[]>([]);
  /** The pointer is on a host itself: the sessions of all others step back. */
  sorting = $state(false);

  /** The pointer came to a host. */
  at(host: string): void {
    this.hosts = [host];
    this.sorting = true;
  }

  /** The pointer came to a session that lives on these hosts. */
  through(hosts: readonly string[]): void {
    this.hosts = hosts;
    this.sorting = false;
  }

  away(): void {
    this.hosts = [];
    this.sorting = false;
  }

  /** Whether one of these hosts is looked at. */
  on(hosts: readonly string[]): boolean {
    return this.hosts.some((id) => hosts.includes(id));
  }
}

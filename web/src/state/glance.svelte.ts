/** Hosts that the pointer is on, anywhere on the page: map, list and strip show the same ones. */
export class Glance {
  hosts = $state.raw<readonly string[]>([]);

  at(hosts: readonly string[]): void {
    this.hosts = hosts;
  }

  away(): void {
    this.hosts = [];
  }

  /** Whether one of these hosts is looked at. */
  on(hosts: readonly string[]): boolean {
    return this.hosts.some((id) => hosts.includes(id));
  }
}

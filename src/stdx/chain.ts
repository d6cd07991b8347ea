/**
 * What comes and goes all the time, in the order in which it came. A set would do, but the tables that it outgrows hang together,
 * and once one of them is old they all live until the next full collection, with what is in them.
 */

/** A member of at most one chain at a time. */
export class Link {
  /** For the chain. */
  before: Link | undefined;
  after: Link | undefined;
}

export class Chain<Member extends Link> {
  readonly #ends = new Link();
  #size = 0;

  constructor() {
    this.#ends.before = this.#ends;
    this.#ends.after = this.#ends;
  }

  get size(): number {
    return this.#size;
  }

  /** At the end. */
  add(member: Member): void {
    const last = this.#ends.before ?? this.#ends;
    member.before = last;
    member.after = this.#ends;
    last.after = member;
    this.#ends.before = member;
    this.#size++;
  }

  /** Does nothing for what is in no chain. */
  remove(member: Member): void {
    const { before, after } = member;
    if (!before || !after) return;
    before.after = after;
    after.before = before;
    // Whoever has left keeps nobody alive.
    member.before = undefined;
    member.after = undefined;
    this.#size--;
  }

  get first(): Member | undefined {
    return this.#memberAt(this.#ends.after);
  }

  /** As they are now, oldest first. */
  all(): Member[] {
    const members: Member[] = [];
    for (let at = this.first; at; at = this.#memberAt(at.after)) members.push(at);
    return members;
  }

  #memberAt(link: Link | undefined): Member | undefined {
    return link === this.#ends ? undefined : (link as Member | undefined);
  }
}

/** Sets by id that are there only while they have members. */

/** The set of that id, made when it is not there. */
export function memberOf<Member>(all: Map<string, Set<Member>>, id: string): Set<Member> {
  const present = all.get(id);
  if (present !== undefined) return present;
  const members = new Set<Member>();
  all.set(id, members);
  return members;
}

/** Takes a member out, and the set with its last one. */
export function leave<Member>(all: Map<string, Set<Member>>, id: string, member: Member): void {
  const members = all.get(id);
  members?.delete(member);
  if (members?.size === 0) all.delete(id);
}

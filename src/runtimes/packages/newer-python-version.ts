/** Compares versions of Python packages, so that an upgrade never goes back. */
import { gt, valid } from '@renovatebot/pep440';

/** Whether `candidate` is later than `current` by PEP 440. What is no version is not later. */
export function isNewerPythonVersion(candidate: string, current: string): boolean {
  return valid(candidate) !== null && valid(current) !== null && gt(candidate, current);
}

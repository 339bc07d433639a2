"""Counts what held and what did not, and says so as it goes."""
import sys
import time

START = time.monotonic()


def say(text=""):
    print(text, flush=True)


def head(text):
    say(f"\n== {time.monotonic() - START:5.0f} s  {text}")


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def that(self, what, holds, evidence=""):
        """Notes whether `what` holds; `evidence` is shown when it does not."""
        if holds:
            self.passed += 1
            say(f"   ok    {what}")
        else:
            self.failed += 1
            say(f"   FAIL  {what}")
            for line in str(evidence).splitlines()[:40]:
                say(f"         {line}")
        return holds

    def equal(self, what, is_, should):
        return self.that(what, is_ == should, f"is {is_!r}\nshould be {should!r}")

    def close(self):
        say(f"\n{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed else 0)

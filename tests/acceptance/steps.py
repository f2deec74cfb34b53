"""Steps that go on after a failure: each has a time-out, a line on the screen, its output in one log, its numbers in one JSON."""
import json
import os
import re
import signal
import subprocess
import time
import traceback


class Failed(Exception):
    """The step has found something wrong."""


class Skipped(Exception):
    """The step lacks something that need not be here."""


def decoded(output):
    return output.decode(errors="replace") if output else ""


class Steps:
    """`facts`: what the JSON says besides the steps. `limit`: seconds for all steps together."""

    def __init__(self, out, facts, environment, limit, only=""):
        out.mkdir(parents=True, exist_ok=True)
        self.json_path, self.log = out / "acceptance.json", open(out / "acceptance.log", "w", encoding="utf-8")
        self.facts, self.environment, self.only = facts, environment, only
        self.start = time.monotonic()
        self.end = self.start + limit
        self.step_end = self.end
        self.done = []

    def write(self, text):
        self.log.write(text if text.endswith("\n") else text + "\n")
        self.log.flush()

    def step(self, name, limit, action):
        """`action()` returns the step's numbers, or raises; its commands share `limit` seconds."""
        if not re.search(self.only, name):
            return
        start = time.monotonic()
        self.step_end = min(start + limit, self.end)
        self.write(f"=== {name}")
        outcome, reason, numbers = "ok", "", None
        try:
            if start >= self.end:
                raise Failed("no time is left")
            numbers = action()
        except Skipped as skipped:
            outcome, reason = "skipped", str(skipped)
        except Failed as failed:
            outcome, reason = "failed", str(failed)
        except Exception as error:  # a step's own mistake must not end the others
            outcome, reason = "failed", f"{type(error).__name__}: {error}"
            self.write(traceback.format_exc())
        seconds = time.monotonic() - start
        self.done.append({"name": name, "outcome": outcome, "reason": reason, "seconds": round(seconds, 3),
                          "numbers": numbers or {}})
        line = f"{outcome:>7}  {name:<34} {seconds:7.1f} s  {reason or self.summary(numbers)}"
        print(line.rstrip(), flush=True)
        self.write(f"{json.dumps(numbers, indent=1)}\n=== {line}\n" if numbers else f"=== {line}\n")
        self.write_json()

    @staticmethod
    def summary(numbers):
        """What fits on a line."""
        short = {k: v for k, v in (numbers or {}).items() if isinstance(v, (int, float, str))}
        return ", ".join(f"{k} {v:.6g}" if isinstance(v, float) else f"{k} {v}" for k, v in short.items())[:200]

    def write_json(self):
        outcome = "failed" if any(each["outcome"] == "failed" for each in self.done) else "ok"
        value = self.facts | {"outcome": outcome, "seconds": round(time.monotonic() - self.start, 1), "steps": self.done}
        temporary = self.json_path.with_suffix(".json.new")
        temporary.write_text(json.dumps(value, indent=1) + "\n")
        os.replace(temporary, self.json_path)
        return outcome

    def run(self, command, **environment):
        """The command's standard output. All it prints goes to the log."""
        command = [str(part) for part in command]
        self.write("$ " + " ".join(command))
        left = self.step_end - time.monotonic()
        process = subprocess.Popen(command, env=self.environment | environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, start_new_session=True)
        try:
            out, errors = process.communicate(timeout=max(left, 0.1))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, errors = process.communicate()
            self.write(decoded(out) + decoded(errors))
            raise Failed(f"not done after {left:.0f} s: {' '.join(command[:4])}") from None
        out, errors = decoded(out), decoded(errors)
        self.write(out + errors)
        if process.returncode != 0:
            said = (errors.strip() or out.strip()).splitlines()
            raise Failed(f"exit code {process.returncode}: {' '.join(command[:4])}: {said[-1] if said else ''}")
        return out

    def json_of(self, command):
        return json.loads(self.run([*command, "--json"]))

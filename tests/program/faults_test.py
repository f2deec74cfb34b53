"""Whatever the machine does to a run, its file is whole, the exit code says what happened, and the same command ends with
the same bits. faults_long_test does more of it."""
import os
import resource
import shutil
import signal
import subprocess
import sys
import time

import headsweep_program
from faults import FaultsTest, fill, layer_environment, limit, stop_twice
from headsweep_program import DONE, MACHINE_FAILED, PROGRAM, STOPPED, USERS_MISTAKE, ProgramTest
from tried import tried

WHOLE = "message, exit 1; the old run file is whole; the same command ends with the same bits"


class LayerTest(ProgramTest):
    """The layer that makes the faults, under another program."""

    def setUp(self):
        super().setUp()
        self.folder = self.folder.resolve()
        (self.folder / "runs").mkdir()

    def python(self, script, rules):
        return subprocess.run([sys.executable, "-c", script], cwd=self.folder, text=True, capture_output=True,
                              env=os.environ | layer_environment(self.folder, rules))

    def test_the_named_call_fails_below_the_folder_and_nowhere_else(self):
        script = ("import os\n"
                  "for path in ('elsewhere', 'runs/here'):\n"
                  "    file = os.open(path, os.O_WRONLY | os.O_CREAT)\n"
                  "    for _ in range(3):\n"
                  "        try: print(path, os.write(file, b'1234'))\n"
                  "        except OSError as error: print(path, error.errno)\n")
        done = self.python(script, "write ENOSPC from=2 times=1; write short from=2")
        self.assertEqual(done.stdout.splitlines(), ["elsewhere 4"] * 3 + ["runs/here 4", "runs/here 28", "runs/here 2"],
                         done.stderr)
        self.assertEqual((self.folder / "faults.log").read_text(),
                         f"write ENOSPC {self.folder}/runs/here\nwrite short {self.folder}/runs/here\n")

    def test_the_time_of_day_jumps(self):
        done = self.python("import time\ntimes = [time.time() for _ in range(1000)]\nprint(round(times[-1] - times[0], -1))",
                           "clock 86400 from=500")
        self.assertEqual(done.stdout.strip(), "86400.0", done.stderr)

    def test_a_rule_that_cannot_be_read_is_refused(self):
        for rules in ("write", "fly EIO", "write EBAD", "write EIO form=2"):
            with self.subTest(rules):
                done = self.python("import os; os.open('runs/x', os.O_WRONLY | os.O_CREAT)", rules)
                self.assertEqual(done.returncode, 99, done.stderr)


class FileFaultsTest(FaultsTest):
    def assert_survives(self, rules, *patterns):
        """A run that meets a fault fails as it should; nothing is lost."""
        done, made = self.run_with(rules)
        self.assertTrue(made, "the fault was never made")
        self.assert_failed(done.returncode, done.stderr, *patterns)
        self.assert_nothing_lost()

    def test_a_write_that_fails(self):
        # The fourth: after the lock, the index and the first decisions.
        self.assert_survives("write ENOSPC from=4", r"runs/job/\S+\.h5: writing failed: No space left.*; make space")
        tried("fault", "a disk that is full from the fourth write on", WHOLE)
        self.path.unlink()
        self.assert_survives("write EDQUOT after=20000", r"writing failed: Disk quota exceeded; make space in your quota")
        tried("fault", "a quota that is used up in mid-run", WHOLE)
        self.path.unlink()
        self.assert_survives("write EIO from=4 times=1", "writing failed: Input/output error")
        tried("fault", "an I/O error in a write", WHOLE)

    def test_a_file_that_cannot_be_brought_to_the_disk_is_not_put_in_place(self):
        # The index's file and folder, the first decisions' file and folder, and then the fifth: the next writing.
        self.assert_survives("fsync EIO from=5 times=1", "bringing the new file to the disk failed: Input/output error")
        tried("fault", "fsync of a new file fails", WHOLE + "; the new file is not put in place")

    def test_a_file_that_cannot_be_put_in_place(self):
        self.assert_survives("rename EIO from=3", "renaming the new file to it failed: Input/output error")
        tried("fault", "rename fails", WHOLE)

    def test_a_file_system_that_was_made_read_only(self):
        self.assert_survives("open EROFS from=12", "failed: Read-only file system")
        tried("fault", "a file system that turns read-only in mid-run", WHOLE)

    def test_calls_that_are_interrupted_or_do_half(self):
        rules = ("write EINTR every=2; read EINTR every=2; open EINTR every=2; fsync EINTR every=2; close EINTR every=2; "
                 "write short; read short")
        done, made = self.run_with(rules)
        self.assertEqual(done.returncode, DONE, done.stderr)
        kinds = {tuple(line.split()[:2]) for line in made}
        self.assertEqual(kinds, {(call, fault) for call in ("write", "read") for fault in ("EINTR", "short")}
                         | {(call, "EINTR") for call in ("open", "fsync", "close")})
        self.assert_complete()
        tried("fault", "every second call interrupted (EINTR), every other one does half", "the same bits")

    def test_a_read_error_when_a_run_is_taken_up(self):
        self.assert_finishes()
        for arguments in (("run", "job.yaml"), ("show", "runs/job/mixed.file.T3.h5")):
            done, made = self.run_with("read EIO", *arguments)
            self.assertTrue(made)
            self.assert_failed(done.returncode, done.stderr, r"\.h5: the \S+ ?\S+ cannot be read to its end")
        self.assert_nothing_lost()
        tried("fault", "an I/O error while a run file is read", "message, exit 1; the file is left as it is")

    def test_the_clock_jumps(self):
        for rules in ("clock -86400 from=3", "clock 86400 from=3"):
            done, made = self.run_with(rules)
            self.assertTrue(made)
            self.assertEqual(done.returncode, DONE, done.stderr)
            self.assertNotIn("stall", done.stderr)
            seconds = [decision["seconds"] for decision in self.assert_complete()["decisions"]]
            self.assertEqual(seconds, sorted(seconds))
            self.assertLess(seconds[-1], 1000)
            self.path.unlink()
        tried("fault", "the time of day jumps by a day, forward and back", "no stall; seconds ascend; the same bits")

    def test_a_file_size_limit_is_an_error_not_a_death(self):
        code, messages = self.ended(self.start(preexec_fn=limit(resource.RLIMIT_FSIZE, 10000)))
        self.assert_failed(code, messages, r"writing failed: File too large; let files be larger \(ulimit -f\)")
        self.assert_nothing_lost()
        tried("fault", "a limit on the size of files (ulimit -f)", WHOLE)


class SurroundingsTest(FaultsTest):
    repeats = 8  # long enough to be met in mid-run

    def test_a_full_disk(self):
        self.mounted(self.folder / "runs", "2m")
        process = self.in_mid_run()
        filler = fill(self.folder / "runs")
        self.assert_failed(*self.ended(process), "writing failed: No space left on device")
        filler.unlink()
        self.assert_nothing_lost()
        tried("fault", "a small file system that is full in mid-run", WHOLE)

    def test_a_read_only_folder(self):
        self.mounted(self.folder / "runs", "2m")
        stopped = self.in_mid_run()
        stopped.send_signal(signal.SIGTERM)
        self.assertEqual(self.ended(stopped)[0], STOPPED)
        subprocess.run(["mount", "-o", "remount,ro", self.folder / "runs"], check=True)
        refused = self.run_program("run", "job.yaml", code=USERS_MISTAKE)
        self.assert_failed(refused.returncode, refused.stderr, r"runs/job/\.lock: cannot be written to: Read-only",
                           expected=USERS_MISTAKE)
        self.decisions_of_good_file()
        refused = self.run_program("run", "job.yaml", "--set", "run.output=runs/new", code=USERS_MISTAKE)
        self.assert_failed(refused.returncode, refused.stderr, "runs/new/job cannot be made.*Read-only",
                           expected=USERS_MISTAKE)
        subprocess.run(["mount", "-o", "remount,rw", self.folder / "runs"], check=True)
        self.assert_nothing_lost()
        tried("fault", "an output folder on a read-only file system", "refused before the search, exit 2")

    def test_the_folder_goes(self):
        def put_a_file_there(folder):
            folder.rename(folder.with_name("gone"))
            folder.write_text("a file")

        def put_a_folder_there(folder):
            folder.rename(folder.with_name("gone"))
            folder.mkdir()

        def take_the_lock(folder):
            (folder / ".lock").unlink()

        for what, happens in (("is removed", shutil.rmtree), ("becomes a file", put_a_file_there),
                              ("is moved away and made anew", put_a_folder_there), ("loses its lock file", take_the_lock)):
            with self.subTest(what):
                shutil.rmtree(self.folder / "runs", ignore_errors=True)
                process = self.in_mid_run()
                happens(self.path.parent)
                before = self.files()
                self.assert_failed(*self.ended(process), "runs/job: the folder was removed or replaced, or its lock was "
                                   "taken away, .* it writes nothing more")
                self.assertEqual(self.files(), [name for name in before if not name.endswith(".tmp")])
                tried("fault", f"the output folder {what} in mid-run",
                      "message, exit 1 when next something is to be written; nothing is written there any more")

    def test_asked_to_stop_twice(self):
        for _ in range(3):
            process = self.in_mid_run()
            start = time.monotonic()
            stop_twice(process)
            code, messages = self.ended(process)
            self.assertIn(code, (STOPPED, -signal.SIGTERM), messages)
            self.assertLess(time.monotonic() - start, 10)
            self.decisions_of_good_file()
        self.assert_finishes()
        tried("fault", "SIGTERM twice", "it ends at once; the run file is whole; the same command ends with the same bits")

    def test_leftovers_of_killed_processes_are_removed(self):
        self.path.parent.mkdir(parents=True)
        for name in (".mixed.file.T3.h5.4194301.tmp", ".index.h5.4194302.tmp"):
            (self.path.parent / name).write_text("half")
        (self.path.parent / ".lock").write_text("4194303\nelsewhere\n\n\n")
        self.assert_finishes()
        tried("fault", "temporary files and the lock file of killed processes", "the next start removes them")

    def test_out_of_memory(self):
        for megabytes in (90, 110):
            process = self.start(preexec_fn=limit(resource.RLIMIT_AS, megabytes << 20))
            self.assert_failed(*self.ended(process), "out of memory: use a machine with more|Cannot allocate memory")
        self.assert_nothing_lost()
        tried("fault", "too little memory (ulimit -v)", "message, exit 1; the same command ends with the same bits")


class NobodyReadsTest(FaultsTest):
    """What a job prints has nowhere to go."""

    def run_in_shell(self, line):
        return subprocess.run(["bash", "-c", line], cwd=self.folder, text=True, capture_output=True, timeout=100,
                              env=os.environ | {"HEADSWEEP": PROGRAM})

    def assert_whole(self):
        self.assert_complete()
        shutil.rmtree(self.folder / "runs", ignore_errors=True)

    def test_a_reader_that_goes(self):
        done = self.run_in_shell('"$HEADSWEEP" run job.yaml | head -0; echo "code ${PIPESTATUS[0]}"')
        self.assertIn("code 1", done.stdout)
        self.assertRegex(done.stderr.splitlines()[-1], "headsweep: the output cannot be written: Broken pipe")
        self.assert_whole()
        done = self.run_in_shell('"$HEADSWEEP" run job.yaml 2> >(true) > output; echo "code $?"')
        self.assertIn("code 0", done.stdout)
        self.assertIn("circuit: ", (self.folder / "output").read_text())
        self.assert_whole()
        done = self.run_in_shell('"$HEADSWEEP" run job.yaml 2>&1 | true; echo "code ${PIPESTATUS[0]}"')
        self.assertIn("code 1", done.stdout)
        self.assert_whole()
        tried("fault", "nobody reads what a run prints (a pipe whose reader ends, SIGPIPE)",
              "the job goes on to its end; exit 1 if results that were to be printed are lost")

    def test_streams_that_are_closed(self):
        for closed in ("2>&-", ">&-", "0>&- >&- 2>&-"):
            with self.subTest(closed):
                done = self.run_in_shell(f'"$HEADSWEEP" run job.yaml {closed}')
                self.assertEqual(done.returncode, DONE, done.stderr)
                self.assert_whole()
        tried("fault", "stdin, stdout and stderr closed", "the job goes on to its end; its files hold nothing that was printed")

    def test_a_terminal_that_is_closed_under_nohup(self):
        process = self.start(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        self.wait_for_decisions(process)
        process.send_signal(signal.SIGHUP)
        code, messages = self.ended(process)
        self.assertEqual(code, DONE, messages)
        self.assert_whole()
        tried("fault", "SIGHUP under nohup", "the job goes on")

    def test_a_log_on_a_full_disk(self):
        done = self.run_in_shell('"$HEADSWEEP" run job.yaml > /dev/full')
        self.assert_failed(done.returncode, done.stderr, "the output cannot be written: No space left on device")
        self.assert_whole()
        done = self.run_in_shell('"$HEADSWEEP" run job.yaml 2> /dev/full')
        self.assertEqual(done.returncode, DONE)
        self.assert_whole()
        done = self.run_in_shell('"$HEADSWEEP" run job.yaml > /dev/full 2>&1')
        self.assertEqual(done.returncode, MACHINE_FAILED)
        self.assert_whole()
        tried("fault", "a log on a full disk", "the job goes on to its end; exit 1 if results that were to be printed are lost")


if __name__ == "__main__":
    headsweep_program.main()

"""What a run does with a file that it finds at the name of its own: the file of another run is never touched."""
import json
import random
import shutil

try:
    import h5py
except ImportError:
    h5py = None

import headsweep_program
from headsweep_program import DONE, MODELS, USERS_MISTAKE, ProgramTest, family_file, golden, job, results


class FoundFileTest(ProgramTest):
    """What a run does with a file that it finds at the name of its own."""

    def setUp(self):
        super().setUp()
        self.path = self.run_file("even")
        shutil.copy(family_file("even"), self.folder / "even.json")
        self.write("job.yaml", job(MODELS / "tiny-a", {"even": "even.json"}, threshold=3))

    def run_elsewhere(self, value, threshold):
        """The run file of the job `value`, made in another folder."""
        output = self.new_folder()
        self.write("job-elsewhere.yaml", value | {"run": {"output": str(output)}})
        self.run_program("run", "job-elsewhere.yaml", code=DONE)
        return next((output / "job-elsewhere").glob(f"even.file.T{threshold}*.h5"))

    def assert_refused_and_left_alone(self, *patterns):
        before, files = self.path.read_bytes(), self.files()
        for command in self.commands_in_turn(["run", "plan"]):
            with self.subTest(command):
                done = self.run_program(command, "job.yaml", code=USERS_MISTAKE)
                message = done.stderr.splitlines()[-1]
                self.assertRegex(message, r"^headsweep: .*runs/job/even\.file\.T3\.h5: ")
                for pattern in patterns:
                    self.assertRegex(message, pattern)
                self.assertEqual(self.path.read_bytes(), before)
                self.assertEqual(self.files(), files)

    def test_a_finished_run_is_left_as_it_is(self):
        self.run_program("run", "job.yaml", code=DONE)
        before = self.path.read_bytes()
        done = self.run_program("run", "job.yaml", code=DONE)
        self.assertIn("was complete already", done.stdout)
        self.assertEqual(self.path.read_bytes(), before)

    def model_with_another_epsilon(self):
        """tiny-a's weights under a config.json that makes another model of them."""
        folder = self.folder / "other-epsilon"
        folder.mkdir()
        for name in ("model.safetensors", "vocab.json", "merges.txt"):
            (folder / name).symlink_to((MODELS / "tiny-a" / name).resolve())
        config = json.loads((MODELS / "tiny-a" / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | {"layer_norm_epsilon": 0.001}))
        return folder

    def test_the_file_of_another_run(self):
        tiny_a = job(MODELS / "tiny-a", {"even": "even.json"}, threshold=3)
        family = json.loads((self.folder / "even.json").read_text())
        self.write("fewer.json", family | {"clean": family["clean"][1:]})
        zero = tiny_a | {"search": {"threshold": 3, "ablation": "zero"}}
        own = tiny_a | {"search": {"threshold": 3, "positions": "own"}}
        with_mlps = tiny_a | {"search": {"threshold": 3, "components": ["heads", "mlps"]}}
        masked = tiny_a | {"search": with_mlps["search"] | {"mlp_means": "under_head_mask"}}
        cases = [
            ("threshold", tiny_a | {"search": {"threshold": 12}}, 12, "threshold is 12 in the file, 3 now"),
            ("model", job(MODELS / "tiny-b", {"even": "even.json"}), 3,
             r"\(model_sha256 is \w{64} in the file, \w{64} now; model_config is 6 layers, 6 heads, "),
            ("config", job(self.model_with_another_epsilon(), {"even": "even.json"}), 3,
             r"\(model_config is 3 layers, .* epsilon 0.001 in the file, .* epsilon 1e-05 now\)"),
            ("prompts", job(MODELS / "tiny-a", {"even": "fewer.json"}), 3, r"\(prompts_sha256 is \w{64} in the file"),
            ("ablation", zero, 3, r"\(ablation is zero in the file, mean now\)"),
            ("components", with_mlps, 3, r"\(components is heads, mlps in the file, heads now\)"),
            ("MLPs' means", masked, 3, r"; mlp_means is under_head_mask in the file, clean now\)"),
            ("positions", own, 3, r"\(positions is own in the file, all now\)"),
        ]
        self.path.parent.mkdir(parents=True)
        for name, other, threshold, pattern in cases:
            with self.subTest(name):
                shutil.copy(self.run_elsewhere(other, threshold), self.path)
                self.assert_refused_and_left_alone("is the file of another run", pattern, "move that file away")
        self.path.unlink()
        self.run_program("run", "job.yaml", code=DONE)

    def test_the_file_of_another_version(self):
        if h5py is None:
            self.skipTest("h5py is not installed")
        self.run_program("run", "job.yaml", code=DONE)
        with h5py.File(self.path, "r+") as file:
            file["identity"].attrs["program"] = "0.0.1"
        self.assert_refused_and_left_alone(r"\(program is 0\.0\.1 in the file, \S+ now\)", "move that file away")

    def test_a_file_in_which_decisions_were_changed(self):
        if h5py is None:
            self.skipTest("h5py is not installed")
        self.run_program("run", "job.yaml", code=DONE)
        with h5py.File(self.path, "r+") as file:
            decisions = file["decisions"][:]
            decisions["removed"][0] = not decisions["removed"][0]
            file["decisions"][...] = decisions
        self.assert_refused_and_left_alone("is damaged: 'circuit' does not follow from 'decisions'")

    def test_damaged_files(self):
        self.run_program("run", "job.yaml", code=DONE)
        good = self.path.read_bytes()
        places = random.Random(3)
        cases = [("empty", b""), ("text", b"not a run file\n")]
        cases += [(f"truncated to {size}", good[:size]) for size in
                  [10, len(good) - 200, *(places.randrange(len(good)) for _ in range(4))]]
        for _ in range(8):
            at = places.randrange(len(good))
            cases.append((f"byte {at} changed", good[:at] + bytes([good[at] ^ 0x40]) + good[at + 1:]))
        for name, content in cases:
            with self.subTest(name):
                self.path.write_bytes(content)
                self.assert_refused_and_left_alone("is damaged|is not an HDF5 file")

    def test_a_damaged_index_is_found_before_the_search(self):
        self.path.parent.mkdir(parents=True)
        index = self.write("runs/job/index.h5", "not an index")
        done = self.run_program("run", "job.yaml", code=USERS_MISTAKE)
        self.assertRegex(done.stderr.splitlines()[-1], "^headsweep: runs/job/index.h5: is not an HDF5 file")
        self.assertFalse(self.path.exists())
        index.unlink()
        self.run_program("run", "job.yaml", code=DONE)

    def test_a_folder_at_its_name(self):
        self.path.mkdir(parents=True)
        done = self.run_program("run", "job.yaml", code=USERS_MISTAKE)
        self.assertRegex(done.stderr, r"even\.file\.T3\.h5: the run file is a folder")

    def test_a_job_with_several_families_goes_on_where_it_was(self):
        """The second family's file is removed: only that family runs again, and both come out as before."""
        files = {"even": family_file("even"), "step3": family_file("step3")}
        self.write("job.yaml", job(MODELS / "tiny-a", files, threshold=3))
        self.run_program("run", "job.yaml", code=DONE)
        first, second = self.path.read_bytes(), self.json_of("show", self.run_file("step3"))
        self.run_file("step3").unlink()
        done = self.run_program("run", "job.yaml", code=DONE)
        self.assertEqual(done.stdout.count("was complete already"), 1)
        self.assertEqual(self.path.read_bytes(), first)
        self.assertEqual(results(self.json_of("show", self.run_file("step3"))), results(second))
        self.assertEqual([d["removed"] for d in second["decisions"]],
                         [removed for _, _, _, removed in golden("tiny-a.step3.mean.all.T3")["trace"]])


if __name__ == "__main__":
    headsweep_program.main()

"""The SDK as scripts see it: each test runs a script of its own, with and without Basin at the other end of the pipes."""

import base64
import json
import os
import struct
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

from .output import split

SDK = str(Path(__file__).resolve().parents[1])


class Script:
    """A running script; `params` None = by hand."""

    def __init__(self, test, text, params=None, stdin=subprocess.PIPE, **env):
        self.folder = tempfile.TemporaryDirectory()
        test.addCleanup(self.folder.cleanup)
        path = Path(self.folder.name)
        (path / "script.py").write_text("import basin, os, sys, time\n" + textwrap.dedent(text))
        full = {name: value for name, value in os.environ.items() if not name.startswith("BASIN_") and name != "RANK"}
        full.update(PYTHONPATH=SDK, PYTHONUNBUFFERED="1")
        if params is not None:
            (path / "params.json").write_text(json.dumps(params))
            full.update(
                BASIN_PROTOCOL="1",
                BASIN_TRIAL="4",
                BASIN_ATTEMPT="2",
                BASIN_SEED="99",
                BASIN_PARAMS=json.dumps(params),
                BASIN_PARAMS_FILE=str(path / "params.json"),
                BASIN_TRIAL_FOLDER=str(path),
                BASIN_CHECKPOINT_DIR=str(path / "checkpoints"),
            )
        full.update(env)
        self.process = subprocess.Popen(
            [sys.executable, str(path / "script.py")],
            env=full,
            cwd=self.folder.name,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        test.addCleanup(self.process.stdout.close)
        test.addCleanup(self.process.stderr.close)
        test.addCleanup(self.process.wait)
        test.addCleanup(self.process.kill)
        if self.process.stdin:
            test.addCleanup(self.close_commands)

    def command(self, **command):
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        self.process.stdin.flush()

    def close_commands(self):
        try:
            self.process.stdin.close()
        except OSError:
            pass

    def finish(self):
        """(events, log, errors, code); the commands stay open until the script has ended."""
        output = self.process.stdout.read()
        errors = self.process.stderr.read().decode()
        events, log = split(output)
        return events, log, errors, self.process.wait()


class ByHand(unittest.TestCase):
    def test_defaults_and_silence(self):
        events, log, errors, code = Script(self, """
            p = basin.params({"lr": 0.1, "model": {"width": 64}})
            assert p.lr == 0.1 and p.model.width == 64 and p["model.width"] == 64
            assert not basin.active() and basin.trial() is None and basin.seed(5) == 5
            basin.report(1, loss=1.0)
            basin.embedding([[1.0]])
            basin.done()
            assert not basin.should_stop() and basin.load_checkpoint() is None
            assert str(basin.checkpoint_dir("out")) == "out" and os.path.isdir("out")
            print("fine", sys.stdin.read() == "typed")
        """, stdin=subprocess.DEVNULL).finish()
        self.assertEqual((events, errors, code), ([], "", 0))
        self.assertEqual(log, "fine False\n")

    def test_an_exception_is_just_an_exception(self):
        events, _, errors, code = Script(self, "basin.params({})\nraise ValueError('x')").finish()
        self.assertEqual((events, code), ([], 1))
        self.assertIn("ValueError: x", errors)


class Diagnostics(unittest.TestCase):
    def check(self, expected, **env):
        _, log, errors, code = Script(self, "import json\nprint(json.dumps(basin.diagnostics()))", {}, **env).finish()
        self.assertEqual((json.loads(log), code), (expected, 0))
        return errors

    def test_what_the_study_asks_for(self):
        asked = {"sharpness": {"estimators": ["rms"], "at": "end", "samples": 1024, "batch": 64}}
        self.check(asked, BASIN_DIAGNOSTICS=json.dumps(asked))

    def test_nothing(self):
        self.check({})
        self.check({}, BASIN_DIAGNOSTICS="[]")
        self.assertIn("BASIN_DIAGNOSTICS cannot be read", self.check({}, BASIN_DIAGNOSTICS="{"))


class Parameters(unittest.TestCase):
    def check(self, params, defaults, expected):
        events, log, _, _ = Script(self, f"""
            import json
            print(json.dumps(basin.params({defaults})))
        """, params).finish()
        self.assertEqual(json.loads(log), expected)

    def test_overlay(self):
        self.check({"lr": 0.5}, '{"lr": 0.1, "momentum": 0.9}', {"lr": 0.5, "momentum": 0.9})

    def test_dotted_names_reach_into_nested_defaults(self):
        self.check({"model.width": 8, "opt.adam.b1": 0.5}, '{"model": {"width": 64, "depth": 2}, "opt": {}}',
                   {"model": {"width": 8, "depth": 2}, "opt": {"adam": {"b1": 0.5}}})

    def test_dotted_names_that_the_defaults_spell_out(self):
        self.check({"a.b": 2}, '{"a.b": 1}', {"a.b": 2})
        self.check({"a.b": 2}, '{"a": 1}', {"a": 1, "a.b": 2})

    def test_without_defaults(self):
        self.check({"x": None, "m.w": "s"}, "", {"x": None, "m": {"w": "s"}})

    def test_a_float_stays_a_float(self):
        _, log, _, _ = Script(self, "print(basin.params({'lr': 0.1, 'n': 3}))", {"lr": 1, "n": 4}).finish()
        self.assertEqual(log, "{'lr': 1.0, 'n': 4}\n")

    def test_namespace_and_dataclass(self):
        _, log, _, code = Script(self, """
            import argparse, dataclasses
            parser = argparse.ArgumentParser()
            parser.add_argument("--lr", type=float, default=0.1)
            @dataclasses.dataclass
            class Inner:
                width: int = 1
            @dataclasses.dataclass
            class Config:
                lr: float = 0.2
                model: Inner = dataclasses.field(default_factory=Inner)
            print(basin.params(parser.parse_args([])).lr, basin.params(Config())["model.width"])
        """, {"lr": 0.7, "model.width": 5}).finish()
        self.assertEqual((log, code), ("0.7 5\n", 0))

    def test_a_misspelt_parameter_is_said(self):
        _, _, errors, _ = Script(self, "basin.params({'learning_rate': 1})", {"lr": 0.7}).finish()
        self.assertIn("not among the script's defaults: lr", errors)

    def test_missing_names(self):
        _, _, _, code = Script(self, """
            p = basin.params({"a": 1})
            try: p.b
            except AttributeError as error: assert "there are: a" in str(error)
            try: p["a.b"]
            except KeyError: pass
            else: raise SystemExit(3)
            assert p.get("zz.y", 7) == 7
        """, {}).finish()
        self.assertEqual(code, 0)


class Events(unittest.TestCase):
    def test_a_whole_training(self):
        events, log, errors, code = Script(self, """
            basin.started(steps=2, device="cpu")
            print("before", end="")
            basin.report(1, loss=0.5, acc=True)
            print("after")
            basin.report(2, {"val/loss": float("nan")}, up=float("inf"), down=-float("inf"))
            basin.sharpness("keskar", 1.5, step=2)
            basin.heartbeat(0.5)
            basin.done(acc=1)
        """, {}).finish()
        self.assertEqual((errors, code), ("", 0))
        self.assertEqual(log, "beforeafter\n")
        self.assertEqual(events, [
            {"type": "started", "protocol": 1, "steps": 2, "device": "cpu"},
            {"type": "report", "step": 1, "metrics": {"loss": 0.5, "acc": 1.0}},
            {"type": "report", "step": 2, "metrics": {"val/loss": "NaN", "up": "Infinity", "down": "-Infinity"}},
            {"type": "sharpness", "estimator": "keskar", "value": 1.5, "step": 2},
            {"type": "heartbeat", "fraction": 0.5},
            {"type": "done", "metrics": {"acc": 1}},
        ])

    def test_the_first_event_says_started(self):
        events, _, _, _ = Script(self, "basin.report(1, a=1)", {}).finish()
        self.assertEqual(events[0], {"type": "started", "protocol": 1})

    def test_redirected_output_does_not_swallow_events(self):
        events, log, _, code = Script(self, """
            import io
            basin.params({})
            sys.stdout = io.StringIO()
            basin.report(1, a=1)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            basin.done(a=2)
        """, {}).finish()
        self.assertEqual([event["type"] for event in events], ["started", "report", "done"])
        self.assertEqual((log, code), ("", 0))

    def test_records_stay_whole_between_threads_and_processes(self):
        events, log, _, code = Script(self, """
            import subprocess, threading
            noise = [subprocess.Popen([sys.executable, "-c", "for i in range(300): print('noise ' * 20, flush=True)"]) for _ in range(2)]
            def work(number):
                for step in range(1, 201):
                    basin.report(step, **{f"m{number}_{i}": 0.123456 for i in range(60)})
                    print(f"line{number};")
            threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            for process in noise: process.wait()
        """, {}).finish()
        self.assertEqual(code, 0)
        self.assertEqual(sum(event["type"] == "report" for event in events), 800)
        self.assertEqual(log.count("line"), 800)
        self.assertEqual(log.count("noise "), 2 * 300 * 20)

    def test_an_exception_becomes_failed(self):
        events, _, errors, code = Script(self, """
            def train():
                raise RuntimeError("out of luck")
            basin.report(1, a=1)
            train()
        """, {}).finish()
        self.assertEqual(code, 1)
        self.assertEqual(events[-1]["type"], "failed")
        first, *trace = events[-1]["reason"].splitlines()
        self.assertEqual(first, "RuntimeError: out of luck (script.py, line 4)")
        self.assertIn('script.py", line 4, in train', "\n".join(trace))
        self.assertIn("Traceback", errors)

    def test_an_exception_is_failed_also_behind_another_hook_and_once(self):
        events, _, _, code = Script(self, """
            basin.report(1, a=1)
            sys.excepthook = lambda *of: print("mine")
            raise RuntimeError("hidden")
        """, {}).finish()
        self.assertEqual(code, 1)
        self.assertEqual([event["type"] for event in events], ["started", "report", "failed"])
        self.assertTrue(events[-1]["reason"].startswith("RuntimeError: hidden (script.py"))

    def test_a_traceback_fits_into_one_record(self):
        events, _, _, code = Script(self, """
            basin.report(1, a=1)
            def dive(depth, text):
                if depth == 0: raise ValueError("\\u00e4" * 2000)
                (dive if depth % 2 else lambda *rest: dive(*rest))(depth - 1, text)
            dive(150, "")
        """, {}).finish()
        self.assertEqual((code, events[-1]["type"]), (1, "failed"))
        self.assertLessEqual(len(json.dumps(events[-1])) + 2, 4096)

    def test_leaving_by_exit_or_control_c_is_no_failed(self):
        for text in ("sys.exit(3)", "raise KeyboardInterrupt"):
            events, _, _, _ = Script(self, "basin.report(1, a=1)\n" + text, {}).finish()
            self.assertEqual([event["type"] for event in events], ["started", "report"])

    def test_sharpness_by_name_by_keywords_and_by_mapping(self):
        events, _, _, _ = Script(self, """
            basin.sharpness("keskar", 1.5, step=2)
            basin.sharpness(sam=0.5, rms=float("nan"))
            basin.sharpness({"exact-top": 3}, step=4)
        """, {}).finish()
        self.assertEqual([(event["estimator"], event["value"], event.get("step")) for event in events[1:]],
                         [("keskar", 1.5, 2), ("sam", 0.5, None), ("rms", "NaN", None), ("exact-top", 3, 4)])

    def test_a_metric_that_is_no_number_is_named(self):
        _, _, errors, code = Script(self, "basin.report(1, accuracy=None)", {}).finish()
        self.assertEqual(code, 1)
        self.assertIn("TypeError: accuracy must be a number, not NoneType", errors)

    def test_events_nobody_reads_any_more_do_not_end_the_training(self):
        script = Script(self, """
            basin.report(1, a=1)
            sys.stdin.read()
            time.sleep(0.05)
            for step in range(2, 50): basin.report(step, a=1)
            basin.embedding([[0.0] * 64] * 64)
            open("went-on", "w").write(str(basin.should_stop()))
        """, {})
        seen = b""
        while b'"report"' not in seen:
            seen += script.process.stdout.read1(4096)
        script.process.stdout.close()
        self.assertEqual(script.process.wait(), 0, script.process.stderr.read())
        self.assertEqual((Path(script.folder.name) / "went-on").read_text(), "True")

    def test_a_full_disk_costs_the_embedding_and_not_the_training(self):
        events, _, errors, code = Script(self, """
            open("embeddings", "w").close()
            basin.embedding([[0.0] * 64] * 64, name="probe")
            open("blocked", "w").close()
            os.environ["BASIN_CHECKPOINT_DIR"] = os.path.abspath("blocked")
            basin.checkpoint(1, "x")
            basin.report(1, a=1)
        """, {}).finish()
        self.assertEqual((code, [event["type"] for event in events]), (0, ["started", "report"]))
        self.assertIn("the embedding 'probe' could not be kept", errors)
        self.assertIn("the checkpoint of step 1 could not be noted", errors)

    def test_numbers_of_other_kinds(self):
        events, _, _, _ = Script(self, """
            import decimal, fractions
            class Scalar:
                def item(self): return 0.25
            basin.report(1, a=decimal.Decimal("0.5"), b=fractions.Fraction(1, 4), c=Scalar(), d=2**70)
        """, {}).finish()
        self.assertEqual(events[-1]["metrics"], {"a": 0.5, "b": 0.25, "c": 0.25, "d": float(2**70)})


#: Stands for torch.distributed: the SDK only ever looks at a module that is there already.
GROUP = """
import types
def join_group(rank):
    group = types.ModuleType("torch.distributed")
    group.is_available = group.is_initialized = lambda: True
    group.get_rank = lambda: rank
    sys.modules["torch.distributed"] = group
"""


class Processes(unittest.TestCase):
    def test_forked_workers_of_rank_0_are_silent(self):
        events, _, _, _ = Script(self, GROUP + """
join_group(0)
basin.report(1, a=1)
if os.fork() == 0:
    basin.report(2, a=1)
    basin.embedding([[1.0]])
    basin.done(a=1)
    os._exit(0)
os.wait()
""", {}).finish()
        self.assertEqual([event["type"] for event in events], ["started", "report"])

    def test_rank_0_below_a_process_that_only_launches(self):
        events, log, _, _ = Script(self, GROUP + """
basin.params({})
basin.started(steps=3)
for rank in (1, 0):
    if os.fork() == 0:
        join_group(rank)
        basin.report(1, rank=rank)
        print(rank, basin.active())
        sys.stdout.flush()
        os._exit(0)
    os.wait()
""", {}).finish()
        self.assertEqual(events, [
            {"type": "started", "protocol": 1, "steps": 3},
            {"type": "report", "step": 1, "metrics": {"rank": 0}},
        ])
        self.assertEqual(log.split("\n")[:2], ["1 False", "0 True"])

    def test_commands_reach_rank_0_through_the_launcher(self):
        script = Script(self, GROUP + """
basin.params({})
if os.fork() == 0:
    join_group(0)
    basin.report(1, a=1)
    while not basin.should_checkpoint(): time.sleep(0.005)
    basin.report(2, a=1)
    while not basin.should_stop(): time.sleep(0.005)
    basin.report(3, again=basin.should_checkpoint())
    print(basin.stop_reason(), flush=True)
    os._exit(0)
os.wait()
print([name for name in os.listdir(".") if name.startswith(".sdk-") and name != ".sdk-lock"] != [])
""", {})
        seen = b""
        for step, command in ((1, "checkpoint"), (2, "stop")):
            while b'"step": %d' % step not in seen:
                seen += script.process.stdout.read1(4096)
            script.command(type=command, reason="enough")
        events, log, _, code = script.finish()
        self.assertEqual((code, events[-1]["metrics"]), (0, {"again": 0.0}))
        self.assertIn("enough\n", log)
        # Words are cleared away with the process that left them.
        self.assertEqual([name.name for name in Path(script.folder.name).glob(".sdk-*")], [".sdk-lock"])

    def test_of_two_unrelated_processes_the_first_speaks(self):
        events, log, _, _ = Script(self, """
            import subprocess
            child = "import basin, os, sys, time; print(basin.active(), flush=True); basin.report(1, a=1)"
            wait = "; open('ready', 'w').close()\\nwhile not os.path.exists('enough'): time.sleep(0.005)"
            run = lambda text: subprocess.Popen([sys.executable, "-c", text], stdin=subprocess.DEVNULL)
            first = run(child + wait)
            while not os.path.exists("ready"): time.sleep(0.005)
            run(child).wait()
            open("enough", "w").close()
            first.wait()
            run(child).wait()
        """, {}).finish()
        self.assertEqual(sum(event["type"] == "report" for event in events), 2)
        self.assertEqual(log, "True\nFalse\nTrue\n")

    def test_ranks_of_every_launcher(self):
        for name in ("LOCAL_RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID"):
            self.assertEqual(Script(self, "basin.report(1, a=1)", {}, **{name: "2"}).finish()[0], [], name)
            self.assertEqual(len(Script(self, "basin.report(1, a=1)", {}, **{name: "0"}).finish()[0]), 2, name)

    def test_importing_basin_brings_no_torch(self):
        _, log, _, code = Script(self, """
            print([name for name in ("torch", "numpy", "lightning", "transformers", "basin.torch") if name in sys.modules])
            try: basin.nothing
            except AttributeError as error: print(error)
        """, {}).finish()
        self.assertEqual((log, code), ("[]\nmodule 'basin' has no attribute 'nothing'\n", 0))


class Embeddings(unittest.TestCase):
    def test_small_ones_travel_in_the_event(self):
        events, _, _, code = Script(self, """
            import array
            basin.embedding([[1, 2], [3, 4], [5, float("nan")]], name="probe", step=3, index_hash="h")
            basin.embedding(array.array("d", [0.5, 1.5]))
            basin.embedding(memoryview(array.array("f", [1, 2, 3, 4])).cast("B").cast("f", [2, 2]))
            class Tensor:
                def detach(self): return self
                def cpu(self): return self
                def tolist(self): return [[7.0]]
            basin.embedding(Tensor())
        """, {}).finish()
        self.assertEqual(code, 0)
        first, second, third, fourth = events[1:]
        self.assertEqual((first["name"], first["step"], first["indexHash"]), ("probe", 3, "h"))
        self.assertEqual(first["array"]["shape"], [3, 2])
        values = struct.unpack("<6f", base64.b64decode(first["array"]["data"]))
        self.assertEqual(values[:5], (1, 2, 3, 4, 5))
        self.assertNotEqual(values[5], values[5])
        self.assertEqual((second["array"]["shape"], third["array"]["shape"]), ([2], [2, 2]))
        self.assertEqual(fourth["array"], {"shape": [1, 1], "data": base64.b64encode(struct.pack("<f", 7)).decode()})

    def test_large_ones_become_files_in_numpys_format(self):
        script = Script(self, "basin.embedding([[i + j / 100 for j in range(64)] for i in range(128)], name='a b/../c', step=2)", {})
        events, _, _, _ = script.finish()
        file = Path(events[-1]["array"]["npy"])
        self.assertEqual(os.path.realpath(file.parent), os.path.realpath(Path(script.folder.name) / "embeddings"))
        raw = file.read_bytes()
        self.assertEqual(raw[:8], b"\x93NUMPY\x01\x00")
        (length,) = struct.unpack("<H", raw[8:10])
        self.assertEqual((10 + length) % 64, 0)
        header = eval(raw[10 : 10 + length].decode())
        self.assertEqual(header, {"descr": "<f4", "fortran_order": False, "shape": (128, 64)})
        self.assertEqual(len(raw) - 10 - length, 128 * 64 * 4)
        self.assertAlmostEqual(struct.unpack("<f", raw[10 + length + 4 * 65 :][:4])[0], 1.01, places=5)

    def test_ragged_rows_are_refused(self):
        events, _, _, code = Script(self, "basin.embedding([[1], [1, 2]])", {}).finish()
        self.assertEqual(code, 1)
        self.assertIn("equal lengths", events[-1]["reason"])


class Commands(unittest.TestCase):
    LOOP = """
        basin.report(1, a=1)
        while not basin.should_stop():
            if basin.should_checkpoint():
                print("checkpoint", basin.should_checkpoint())
                basin.report(2, a=1)
            time.sleep(0.005)
        basin.done()
        print("because:", basin.stop_reason())
    """

    def test_stop_and_checkpoint(self):
        script = Script(self, self.LOOP, {})
        script.process.stdin.write(b"rubbish\n[]\n{}\n")
        script.command(type="checkpoint")
        seen = b""
        while b'"step": 2' not in seen:
            seen += script.process.stdout.read1(4096)
        script.command(type="stop", reason="pruned")
        _, log, _, code = script.finish()
        events, before = split(seen)
        self.assertIn("checkpoint False\n", before)
        self.assertEqual((log.splitlines()[-1], code), ("because: pruned", 0))

    def test_the_engine_going_is_a_stop(self):
        script = Script(self, self.LOOP, {})
        script.process.stdin.close()
        _, log, _, code = script.finish()
        self.assertEqual((log, code), ("because: Basin's engine has gone\n", 0))

    def test_a_script_that_does_not_listen_is_ended(self):
        script = Script(self, "basin._link.EXIT_GRACE = 0.05\nbasin.report(1, a=1)\nwhile True: time.sleep(1)", {})
        script.process.stdin.close()
        self.assertEqual(script.finish()[3], 75)

    def test_standard_input_that_is_no_pipe_means_nothing(self):
        events, log, _, code = Script(self, """
            basin.report(1, a=1)
            time.sleep(0.05)
            print(basin.should_stop())
        """, {}, stdin=subprocess.DEVNULL).finish()
        self.assertEqual((log, code), ("False\n", 0))

    def test_children_do_not_get_the_commands(self):
        events, log, _, code = Script(self, """
            import subprocess
            basin.params({})
            child = "import sys, basin; basin.report(1, a=1); print(repr(sys.stdin.read()), basin.active(), basin.params({'x': 0}).x)"
            print(subprocess.run([sys.executable, "-c", child], stdout=subprocess.PIPE).stdout.decode(), end="")
        """, {"x": 5}).finish()
        self.assertEqual((events, log, code), ([], "'' False 5\n", 0))

    def test_forked_children_and_other_ranks_are_silent(self):
        events, _, _, _ = Script(self, """
            basin.report(1, a=1)
            if os.fork() == 0:
                basin.report(2, a=1)
                os._exit(0)
            os.wait()
        """, {}).finish()
        self.assertEqual([event["type"] for event in events], ["started", "report"])
        self.assertEqual(Script(self, "basin.report(1, a=1)", {}, RANK="1").finish()[0], [])

    def test_the_scheduler_s_rung(self):
        _, log, _, _ = Script(self, """
            for step in (1, 2, 3):
                basin.report(step, a=1)
                print(step, basin.should_stop())
            print(basin.until_step(), basin.stop_reason())
        """, {}, BASIN_UNTIL_STEP="2").finish()
        self.assertEqual(log, "1 False\n2 True\n3 True\n2 step 2 is reached\n")

    def test_at_the_rung_a_checkpoint_is_wanted_and_the_trial_is_not_done(self):
        text = """
            basin.started(steps=4)
            for step in range(1, 5):
                basin.report(step, a=step)
                if basin.should_checkpoint():
                    (basin.checkpoint_dir() / "x").touch()
                    basin.checkpoint(step, basin.checkpoint_dir() / "x")
                if basin.should_stop():
                    break
            basin.done(a=step)
        """
        def said(**env):
            events, _, errors, code = Script(self, text, {}, **env).finish()
            self.assertEqual((errors, code), ("", 0))
            return [(event["type"], event.get("step")) for event in events][1:]

        paused = [("report", 1), ("report", 2), ("checkpoint", 2)]
        self.assertEqual(said(BASIN_UNTIL_STEP="2"), paused)
        whole = [("report", step) for step in (1, 2, 3, 4)]
        self.assertEqual(said(), [*whole, ("done", None)])
        # The last step is no rung.
        self.assertEqual(said(BASIN_UNTIL_STEP="4"), [*whole, ("checkpoint", 4), ("done", None)])


class Online(unittest.TestCase):
    def test_what_the_study_tunes_online_begins_at_the_trial_s_own_value(self):
        asked = {
            "rule": "cosine", "learningRate": {"name": "lr", "start": 0.01, "low": 1e-4, "high": 0.5},
            "momentum": {"name": "m", "start": 0.9, "low": 0, "high": 0.99},
        }
        text = "asked = basin.tune_online(); print(asked['rule'], asked['learningRate']['start'], asked['momentum']['start'])"
        _, log, errors, _ = Script(self, text, {"lr": 0.05}, BASIN_TUNE_ONLINE=json.dumps(asked)).finish()
        self.assertEqual((log, errors), ("cosine 0.05 0.9\n", ""))
        self.assertEqual(Script(self, "print(basin.tune_online())", {}).finish()[1], "None\n")


class Checkpoints(unittest.TestCase):
    def test_a_later_run_finds_the_last_one(self):
        script = Script(self, """
            assert basin.load_checkpoint() is None
            for step in (1, 2):
                path = basin.checkpoint_dir() / f"{step}.txt"
                path.write_text(str(step))
                basin.checkpoint(step, path)
            found = basin.load_checkpoint()
            assert found.step == 2 and found.path.read_text() == "2", found
            found.path.unlink()
            assert basin.load_checkpoint() is None
            (basin.checkpoint_dir() / "latest.json").write_text("{")
            assert basin.load_checkpoint() is None
            print(basin.trial(), basin.attempt(), basin.seed())
        """, {})
        events, log, errors, code = script.finish()
        self.assertEqual((errors, code, log), ("", 0, "4 2 99\n"))
        self.assertEqual([(event["type"], event.get("step")) for event in events], [("started", None), ("checkpoint", 1), ("checkpoint", 2)])
        self.assertTrue(os.path.isabs(events[-1]["path"]))

    def test_reports_travel_with_the_checkpoint(self):
        text = """
            found = basin.load_checkpoint()
            for step in range(found.step + 1 if found else 1, 4):
                basin.report(step, a=step / 4)
                (basin.checkpoint_dir() / "x").touch()
                basin.checkpoint(step, basin.checkpoint_dir() / "x")
                if basin.should_stop(): break
        """
        script = Script(self, text, {}, BASIN_UNTIL_STEP="2")
        first = script.finish()[0]
        again = Script(self, text, {}, BASIN_CHECKPOINT_DIR=str(Path(script.folder.name) / "checkpoints"))
        events = [event for event in again.finish()[0] if event["type"] == "report"]
        self.assertEqual([event["step"] for event in events], [1, 2, 3])
        said = [event for event in first if event["type"] == "report"]
        self.assertEqual(events[:2], [{**event, "repeated": True} for event in said])


if __name__ == "__main__":
    unittest.main()

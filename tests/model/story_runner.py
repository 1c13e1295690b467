"""Has stories told to the core by scenario_runner (tests/scenario), many of them by one process."""

import dataclasses
import os
import re
import shutil
import subprocess
import tempfile

HANGS_AFTER_S = 120  # far longer than any batch takes


@dataclasses.dataclass
class Wrong:
    """The core does not agree with a story, or does not survive it."""

    name: str   # of the story; None when the runner did not come to say
    line: int   # of the story, from 1
    text: str


class Runner:
    """A folder to tell stories in."""

    def __init__(self, program):
        self.program = program
        self.folder = tempfile.mkdtemp(prefix="loyalty-model-")
        os.mkdir(f"{self.folder}/programs")
        with open(f"{self.folder}/programs/empty.yaml", "w", encoding="ascii") as file:
            file.write("{}\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def tell(self, stories):
        """`stories`: {name: lines}. None when the core agrees with all of them, else Wrong."""
        text = "".join(f"story {name}\n" + "\n".join(lines) + "\n"
                       for name, lines in stories.items())
        with open(f"{self.folder}/stories.txt", "w", encoding="utf-8") as file:
            file.write(text)
        try:
            run = subprocess.run([self.program, "stories.txt"], cwd=self.folder,
                                 capture_output=True, text=True, errors="replace", check=False,
                                 timeout=HANGS_AFTER_S)
        except subprocess.TimeoutExpired:
            return Wrong(None, 0, f"the runner does not end within {HANGS_AFTER_S} s")
        if run.returncode == 0:
            return None
        said = re.match(r"(\S+):(\d+): (.*)", run.stdout)
        if said:
            return Wrong(said[1], int(said[2]), said[3])
        return Wrong(None, 0, f"exit code {run.returncode}\n{run.stdout}{run.stderr}")

    def first_wrong(self, stories):
        """The same, and of a runner that died which story it died of."""
        wrong = self.tell(stories)
        if wrong is None or wrong.name is not None:
            return wrong
        for name, lines in stories.items():
            one = self.tell({name: lines})
            if one is not None:
                return dataclasses.replace(one, name=name)
        return wrong

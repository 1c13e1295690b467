#!/usr/bin/python3
"""libloyalty as it is installed: a staged install without sanitizers, and programs of somebody else
that find it by pkg-config and by find_package, shared and static. Only loyalty_ names are visible.
"""

import glob
import os
import re
import shutil
import subprocess
import tempfile
import unittest

SOURCE = os.environ.get("LOYALTY_SOURCE") or os.path.abspath(f"{__file__}/../../..")
PREFIX = "/usr"

PROJECT = """cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES C)
find_package(Loyalty 0.1 REQUIRED)
add_executable(shared consumer.c)
target_link_libraries(shared PRIVATE Loyalty::loyalty)
add_executable(static consumer.c)
target_link_libraries(static PRIVATE Loyalty::loyalty_static)
"""


def run(*arguments, **more):
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, **more)
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="loyalty-install-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        build = f"{cls.folder}/build"
        cls.stage = f"{cls.folder}/stage"
        run("cmake", "-S", SOURCE, "-B", build, "-G", "Ninja", "-DCMAKE_C_COMPILER=gcc",
            f"-DCMAKE_INSTALL_PREFIX={PREFIX}", "-DBUILD_TESTING=OFF", "-DLOYALTY_LINK_CHECK=OFF",
            "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_INSTALL_LIBDIR=lib")
        targets = ["loyalty_shared", "loyalty_archive"]
        targets += ["loyalty_manual"] if shutil.which("scdoc") else []
        run("cmake", "--build", build, "-j2", "--target", *targets)
        run("cmake", "--install", build, "--component", "libloyalty",
            env={**os.environ, "DESTDIR": cls.stage})
        cls.root = f"{cls.stage}{PREFIX}"
        cls.consumer = f"{SOURCE}/tests/lib/consumer.c"
        cls.libraries = {**os.environ, "LD_LIBRARY_PATH": f"{cls.root}/lib"}

    def runs(self, program):
        with tempfile.TemporaryDirectory() as work:
            text = run(program, cwd=work, env=self.libraries)
        self.assertRegex(text, r"^0\.1\.0 ACCEPTED_OFFLINE$")

    def pkg_config(self, *arguments):
        environment = {**os.environ, "PKG_CONFIG_PATH": f"{self.root}/lib/pkgconfig",
                       "PKG_CONFIG_SYSROOT_DIR": self.stage}
        return run("pkg-config", *arguments, "loyalty", env=environment).split()

    def test_what_is_there(self):
        found = sorted(os.path.relpath(path, self.root)
                       for path in glob.glob(f"{self.root}/**", recursive=True)
                       if os.path.isfile(path))
        wanted = ["include/loyalty/loyalty.h", "include/loyalty/till.h",
                  "lib/cmake/Loyalty/LoyaltyConfig.cmake", "lib/libloyalty.a", "lib/libloyalty.so",
                  "lib/libloyalty.so.0", "lib/pkgconfig/loyalty.pc"]
        if shutil.which("scdoc"):
            wanted.append("share/man/man3/libloyalty.3")
        self.assertEqual([path for path in wanted if path not in found], [])

    def test_by_pkg_config(self):
        for name, how in (("shared", ()), ("static", ("--static",))):
            flags = self.pkg_config("--cflags", "--libs", *how)
            if how:
                flags = [f"{self.root}/lib/libloyalty.a" if flag == "-lloyalty" else flag
                         for flag in flags]
            program = f"{self.folder}/{name}"
            run("gcc", "-std=c17", "-Wall", "-Wextra", "-Werror", self.consumer, "-o", program,
                *flags)
            needed = run("readelf", "-d", program)
            self.assertEqual("libloyalty.so.0" in needed, name == "shared", needed)
            self.runs(program)

    def test_by_find_package(self):
        work = f"{self.folder}/consumer"
        os.mkdir(work)
        shutil.copy(self.consumer, work)
        with open(f"{work}/CMakeLists.txt", "w", encoding="ascii") as file:
            file.write(PROJECT)
        run("cmake", "-S", work, "-B", f"{work}/build", f"-DCMAKE_PREFIX_PATH={self.root}")
        run("cmake", "--build", f"{work}/build")
        self.runs(f"{work}/build/shared")
        self.runs(f"{work}/build/static")

    def test_only_our_names_are_visible(self):
        shared = run("nm", "-D", "--defined-only", f"{self.root}/lib/libloyalty.so")
        archive = run("nm", "-g", "--defined-only", f"{self.root}/lib/libloyalty.a")
        for text in (shared, archive):
            names = re.findall(r"^[0-9a-f]+ [A-Z] (\S+)$", text, re.MULTILINE)
            self.assertIn("loyalty_till_open", names)
            self.assertEqual([name for name in names if not re.match("loyalty_[a-z]", name)], [])
        self.assertIn("[libloyalty.so.0]",
                      run("readelf", "-d", f"{self.root}/lib/libloyalty.so"))

    def test_the_headers_stand_alone(self):
        for header in ("loyalty", "till"):
            for compiler, language in (("gcc", "c99"), ("gcc", "c17"), ("g++", "c++11")):
                if shutil.which(compiler):
                    run(compiler, f"-std={language}", "-Wall", "-Wextra", "-Werror",
                        "-fsyntax-only", "-I", f"{self.root}/include",
                        "-include", f"loyalty/{header}.h",
                        "-x", "c++" if compiler == "g++" else "c", "/dev/null")


if __name__ == "__main__":
    unittest.main()

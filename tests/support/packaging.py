#!/usr/bin/env python3
"""Checks the package manifests: each can be read, has what its tool requires, names what exists, and states config.hpp's version.

packaging.py            check; exit code 1 with a line for each fault
packaging.py --test     plant a fault of each kind into a copy, and expect it to be found
"""
import ast
import configparser
import json
import pathlib
import re
import shutil
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
MANIFESTS = ["library.json", "idf_component.yml", "zephyr", "CMakeLists.txt", "README.md", "LICENSE", "include", "examples/packaging"]


def version(root):
    text = (root / "include/narthex/config.hpp").read_text()
    return ".".join(re.search(r"#define NARTHEX_VERSION_%s (\d+)" % part, text).group(1) for part in ("MAJOR", "MINOR", "PATCH"))


def yaml(path):
    """The top level of a small YAML file; with PyYAML also whether the whole can be read."""
    text = path.read_text()
    try:
        import yaml as reader
        return reader.safe_load(text)
    except ImportError:
        return {k: v.strip().strip('"') for k, v in re.findall(r"^(\w+):[ ]?(.*)$", text, re.M)}


def properties(path):
    return dict(line.split("=", 1) for line in path.read_text().split("\n") if line and not line.startswith("#"))


def faults(root):
    now = version(root)
    packaging = root / "examples/packaging"

    def lacks(what, found, *keys):
        return ["%s: no %s" % (what, key) for key in keys if not found.get(key)]

    def states(what, found):
        return [] if found == now else ["%s: version %s, config.hpp says %s" % (what, found, now)]

    def platformio():
        m = json.loads((root / "library.json").read_text())
        yield from lacks("library.json", m, "name", "version", "description", "license")
        yield from states("library.json", m["version"])
        if not re.match(r"[a-z0-9-]{1,50}$", m["name"]) or len(m["description"]) > 255:
            yield "library.json: name or description out of its limits"
        for folder in m["build"]["includeDir"], m["build"]["srcDir"]:
            if not (root / folder / m["headers"]).is_file():
                yield "library.json: no %s in %s" % (m["headers"], folder)
        if list((root / m["build"]["srcDir"]).rglob("*.cpp")):
            yield "library.json: there is something to compile"

    def esp_idf():
        m = yaml(root / "idf_component.yml")
        yield from lacks("idf_component.yml", m, "version", "description", "license")
        yield from states("idf_component.yml", m["version"])
        if not re.search(r"if\(ESP_PLATFORM\)[^\n]*\n\s*idf_component_register\(INCLUDE_DIRS include\)\s*return\(\)",
                         (root / "CMakeLists.txt").read_text()):
            yield "CMakeLists.txt: no component for ESP-IDF"

    def zephyr():
        m = yaml(root / "zephyr/module.yml")
        yield from lacks("zephyr/module.yml", m, "name")
        folder = re.search(r"^\s+cmake:\s*(\S+)", (root / "zephyr/module.yml").read_text(), re.M).group(1)
        if not (root / folder / "CMakeLists.txt").is_file():
            yield "zephyr/module.yml: no CMakeLists.txt in " + folder

    def arduino():
        m = properties(packaging / "arduino/library.properties")
        yield from lacks("library.properties", m, "name", "version", "author", "maintainer", "sentence", "paragraph", "category",
                         "url", "architectures")
        yield from states("library.properties", m["version"])
        for header in m["includes"].split(","):
            if not (packaging / "arduino/src" / header).is_file():
                yield "library.properties: no src/" + header

    def conan():
        recipe = ast.parse((packaging / "conan/conanfile.py").read_text())
        names = {node.name for node in ast.walk(recipe) if isinstance(node, ast.FunctionDef)}
        for method in "set_version", "export_sources", "package", "package_id", "package_info":
            if method not in names:
                yield "conanfile.py: no %s()" % method

    def vcpkg():
        m = json.loads((packaging / "vcpkg/narthex/vcpkg.json").read_text())
        yield from lacks("vcpkg.json", m, "name", "version", "description", "license", "dependencies")
        yield from states("vcpkg.json", m["version"])
        if m["name"] != "narthex" or not (packaging / "vcpkg" / m["name"] / "portfile.cmake").is_file():
            yield "vcpkg.json: no port of that name"

    def wrap():
        m = configparser.ConfigParser()
        m.read(str(packaging / "wrap/narthex.wrap"))
        yield from states("narthex.wrap", m["wrap-file"]["directory"].replace("narthex-", ""))
        yield from states("narthex.wrap", m["wrap-file"]["source_filename"].replace("narthex-", "").replace(".tar.gz", ""))
        if m["provide"]["dependency_names"] != "narthex":
            yield "narthex.wrap: provides something else"

    for check in platformio, esp_idf, zephyr, arduino, conan, vcpkg, wrap:
        try:
            yield from check()
        except (OSError, ValueError, KeyError, AttributeError, SyntaxError, configparser.Error) as e:
            yield "%s: %r" % (check.__name__, e)


def plant(path, old, new, says):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name in MANIFESTS:
            source, to = REPOSITORY / name, root / name
            to.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if source.is_dir() else shutil.copy)(str(source), str(to))
        text = (root / path).read_text()
        if old not in text:
            return "%s: %r is not there to be changed" % (path, old)
        (root / path).write_text(text.replace(old, new, 1))
        found = list(faults(root))
        return "" if any(says in f for f in found) else "%s, %r for %r: expected %r, found %s" % (path, new, old, says, found)


PACKAGING = "examples/packaging/"
PLANTS = [
    ("include/narthex/config.hpp", "VERSION_MINOR 1", "VERSION_MINOR 2", what + ": version 0.1.0, config.hpp says 0.2.0")
    for what in ("library.json", "idf_component.yml", "library.properties", "vcpkg.json", "narthex.wrap")
] + [
    ("library.json", '"license"', '"licence"', "no license"),
    ("library.json", "{", "[", "platformio: JSONDecodeError"),
    ("library.json", "narthex/narthex.hpp", "narthex.hpp", "no narthex.hpp in include"),
    ("idf_component.yml", "license", "licence", "no license"),
    ("CMakeLists.txt", "INCLUDE_DIRS include", "INCLUDE_DIRS src", "no component for ESP-IDF"),
    ("zephyr/module.yml", "cmake: zephyr", "cmake: .z", "no CMakeLists.txt in .z"),
    (PACKAGING + "arduino/library.properties", "maintainer=", "keeper=", "no maintainer"),
    (PACKAGING + "arduino/library.properties", "includes=narthex.h", "includes=other.h", "no src/other.h"),
    (PACKAGING + "conan/conanfile.py", "def package(self)", "def pack(self)", "no package()"),
    (PACKAGING + "conan/conanfile.py", "class ", "klass ", "conan: SyntaxError"),
    (PACKAGING + "vcpkg/narthex/vcpkg.json", '"name": "narthex"', '"name": "nx"', "no port of that name"),
    (PACKAGING + "wrap/narthex.wrap", "dependency_names = narthex", "dependency_names = nx", "provides something else"),
]


def main(args):
    bad = [f for f in (plant(*p) for p in PLANTS) if f] if args == ["--test"] else list(faults(REPOSITORY))
    print("\n".join(bad) or "ok")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""conan_stand_in.py RECIPE PACKAGE_FOLDER: runs a recipe's methods in Conan's order, with the little of Conan that it uses."""
import fnmatch
import importlib.util
import os
import shutil
import sys
import tempfile
import types


class Named(types.SimpleNamespace):
    def clear(self):
        self.__dict__.clear()

    def set_property(self, name, value):
        self.properties = dict(getattr(self, "properties", {}), **{name: value})


class ConanFile:
    def __init__(self, recipe_folder):
        self.recipe_folder = recipe_folder
        self.settings, self.info, self.cpp_info = Named(os="Linux"), Named(os="Linux"), Named()


def copy(_, pattern, src, dst):
    """As Conan's: files below src whose path matches, with their folders; none is no error, but here it is."""
    done = []
    for folder, _, names in os.walk(src):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), src)
            if fnmatch.fnmatch(path, pattern):
                os.makedirs(os.path.dirname(os.path.join(dst, path)), exist_ok=True)
                shutil.copy(os.path.join(src, path), os.path.join(dst, path))
                done.append(path)
    assert done, (pattern, src)


def load(_, path):
    with open(path) as f:
        return f.read()


for name, content in {"conan": {"ConanFile": ConanFile}, "conan.tools": {}, "conan.tools.files": {"copy": copy, "load": load}}.items():
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__dict__.update(content)

recipe_file, package_folder = map(os.path.abspath, sys.argv[1:])
spec = importlib.util.spec_from_file_location("conanfile", recipe_file)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
recipe = module.NarthexConan(os.path.dirname(recipe_file))
with tempfile.TemporaryDirectory() as export:
    recipe.set_version()
    recipe.export_sources_folder = export
    recipe.export_sources()
    recipe.recipe_folder = "/no/such/folder"  # what follows happens in Conan's cache
    recipe.source_folder, recipe.package_folder = export, package_folder
    recipe.package()
recipe.package_id()
assert recipe.package_type == "header-library" and not recipe.info.__dict__
recipe.package_info()
assert recipe.cpp_info.properties["cmake_target_name"] == "narthex::narthex" and not recipe.cpp_info.libdirs
print("version", recipe.version)
for lib in recipe.cpp_info.system_libs:
    print("system_libs", lib)

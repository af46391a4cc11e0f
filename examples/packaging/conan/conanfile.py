import os
import re

from conan import ConanFile
from conan.tools.files import copy, load


class NarthexConan(ConanFile):
    name = "narthex"
    description = "Prometheus metrics for any C++11 program, headers only"
    license = "MIT"
    topics = ("prometheus", "metrics", "monitoring", "header-only")
    package_type = "header-library"
    settings = "os"
    no_copy_source = True

    @property
    def _root(self):
        return os.path.join(self.recipe_folder, "..", "..", "..")

    def set_version(self):
        config = load(self, os.path.join(self._root, "include", "narthex", "config.hpp"))
        self.version = ".".join(re.search(r"#define NARTHEX_VERSION_%s (\d+)" % part, config).group(1)
                                for part in ("MAJOR", "MINOR", "PATCH"))

    def export_sources(self):
        copy(self, "include/*", self._root, self.export_sources_folder)
        copy(self, "LICENSE", self._root, self.export_sources_folder)

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        copy(self, "*.hpp", os.path.join(self.source_folder, "include"), os.path.join(self.package_folder, "include"))

    def package_id(self):
        self.info.clear()

    def package_info(self):
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
        if self.settings.os in ("Linux", "FreeBSD"):
            self.cpp_info.system_libs = ["pthread"]  # the server's thread
        self.cpp_info.set_property("cmake_file_name", "narthex")
        self.cpp_info.set_property("cmake_target_name", "narthex::narthex")
        self.cpp_info.set_property("pkg_config_name", "narthex")

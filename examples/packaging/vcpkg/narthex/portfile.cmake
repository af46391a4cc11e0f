vcpkg_from_github(
  OUT_SOURCE_PATH SOURCE_PATH
  REPO owner/narthex
  REF "v${VERSION}"
  SHA512 0
  HEAD_REF main)

set(VCPKG_BUILD_TYPE release)  # headers only: there is nothing to debug
vcpkg_cmake_configure(SOURCE_PATH "${SOURCE_PATH}")
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH share/cmake/narthex)
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")

# Package.cmake - `cpack --preset release`, after a build of that preset, makes a .deb in build/.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME latentty)
set(CPACK_PACKAGE_VENDOR "latentty")
set(CPACK_PACKAGE_CONTACT "latentty authors <latentty@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
# without the component `cuda`: no package of Debian's brings the libraries that it needs
set(CPACK_INSTALL_CMAKE_PROJECTS "${PROJECT_BINARY_DIR};${PROJECT_NAME};Unspecified;/")

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION graphics)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON) # Depends: the packages that hold what the program links, here
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Stable Diffusion's pipeline in C, as a program for the terminal: tokenizer,
text encoder, UNet, samplers and autoencoder, with the numbers of diffusers.
A small demo model comes along; others are read from diffusers directories.")
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/DebianPaths.cmake)
include(CPack)

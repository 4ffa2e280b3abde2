# DebianPaths.cmake - run by cpack over the files of the package: what Debian wants elsewhere or otherwise.
set(share "${CPACK_TEMPORARY_DIRECTORY}/usr/share")
file(RENAME "${share}/zsh/site-functions" "${share}/zsh/vendor-completions")
file(RENAME "${share}/doc/latentty/LICENSE" "${share}/doc/latentty/copyright")
file(CHMOD_RECURSE "${CPACK_TEMPORARY_DIRECTORY}/usr" # whatever the umask
     DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
execute_process(COMMAND gzip -9n "${share}/man/man1/latentty.1" COMMAND_ERROR_IS_FATAL ANY)

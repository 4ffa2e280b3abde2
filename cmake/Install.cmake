# Install.cmake - `cmake --install` gives a working program with its manual and completions; assets in share/latentty.
if(TARGET latentty)
  install(TARGETS latentty RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
if(TARGET latentty-cuda) # of its own, as packages of the distribution do not bring the libraries that it needs
  install(TARGETS latentty-cuda LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/latentty COMPONENT cuda)
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/assets/ DESTINATION ${CMAKE_INSTALL_DATADIR}/latentty)
install(FILES ${PROJECT_SOURCE_DIR}/docs/latentty.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${PROJECT_SOURCE_DIR}/completions/latentty.bash
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME latentty)
install(FILES ${PROJECT_SOURCE_DIR}/completions/_latentty DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${PROJECT_SOURCE_DIR}/completions/latentty.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

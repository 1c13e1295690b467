# `cmake --install --component systemd`: units, user, folders, the commented option file. The units
# name programs below /usr; under another prefix they are installed with that one's.
pkg_check_modules(SYSTEMD_FOLDERS QUIET systemd)
foreach(folder systemdsystemunitdir=lib/systemd/system sysusersdir=lib/sysusers.d
        tmpfilesdir=lib/tmpfiles.d)
    string(REGEX MATCH "^[a-z]+" name "${folder}")
    pkg_get_variable(${name} systemd ${name})
    if(NOT ${name})
        string(REGEX REPLACE "^[a-z]+=" "/usr/" ${name} "${folder}")
    endif()
endforeach()

file(GLOB units CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/systemd/*.service"
    "${PROJECT_SOURCE_DIR}/systemd/*.socket" "${PROJECT_SOURCE_DIR}/systemd/*.timer")
install(FILES ${units} DESTINATION "${systemdsystemunitdir}" COMPONENT systemd)
list(TRANSFORM units REPLACE "^.*/" "\$ENV{DESTDIR}${systemdsystemunitdir}/")
install(CODE "
    foreach(unit ${units})
        file(READ \"\${unit}\" text)
        string(REGEX REPLACE \"=/usr/(s?bin)/\" \"=\${CMAKE_INSTALL_PREFIX}/\\\\1/\"
            text \"\${text}\")
        file(WRITE \"\${unit}\" \"\${text}\")
    endforeach()"
    COMPONENT systemd)
install(FILES systemd/loyaltyd.sysusers DESTINATION "${sysusersdir}" RENAME loyaltyd.conf
    COMPONENT systemd)
install(FILES systemd/loyaltyd.tmpfiles DESTINATION "${tmpfilesdir}" RENAME loyaltyd.conf
    COMPONENT systemd)
install(FILES systemd/notify-reload.conf
    DESTINATION "${CMAKE_INSTALL_DOCDIR}/examples" COMPONENT systemd)
install(FILES systemd/loyaltyd.conf OPTIONAL
    DESTINATION "${CMAKE_INSTALL_DOCDIR}/examples" COMPONENT systemd)

# What the web room needs beyond tether_room(): the files it embeds.

find_program(TETHER_NPM npm DOC "Node.js' package manager (package npm), which builds the panel" REQUIRED)
file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/generated")

# tether_web_folder(SYMBOL DIR DEPENDS files…): the table SYMBOL of web/files.h, from the files in DIR.
function(tether_web_folder symbol dir)
    cmake_parse_arguments(WEB "" "" "DEPENDS" ${ARGN})
    set(out "${CMAKE_BINARY_DIR}/generated/${symbol}.c")
    set(script "${CMAKE_CURRENT_SOURCE_DIR}/web/embed.py")
    add_custom_command(
        OUTPUT "${out}"
        COMMAND "${TETHER_PYTHON}" "${script}" "${dir}" "${symbol}" "${out}"
        DEPENDS "${script}" ${WEB_DEPENDS}
        COMMENT "Embedding ${symbol}"
        VERBATIM)
    target_sources(web PRIVATE "${out}")
endfunction()

set(panel_source "${CMAKE_SOURCE_DIR}/panel")
set(panel_out "${CMAKE_BINARY_DIR}/panel")
file(GLOB_RECURSE panel_files CONFIGURE_DEPENDS "${panel_source}/src/*")
list(FILTER panel_files EXCLUDE REGEX "schema\\.d\\.ts$")
add_custom_command(
    OUTPUT "${panel_out}/panel.js"
    COMMAND "${panel_source}/build" "${panel_out}"
    DEPENDS ${panel_files} "${panel_source}/build" "${panel_source}/build.mjs" "${panel_source}/package-lock.json"
            "${panel_source}/index.html" "${panel_source}/icon.svg" "${CMAKE_CURRENT_SOURCE_DIR}/web/pages/colours.css"
    COMMENT "Building the panel"
    VERBATIM)
tether_web_folder(web_panel "${panel_out}" DEPENDS "${panel_out}/panel.js")

# Swagger UI comes from npm; the page around it is ours.
set(docs_source "${CMAKE_CURRENT_SOURCE_DIR}/web/docs")
set(docs_out "${CMAKE_BINARY_DIR}/docs-page")
file(GLOB docs_files CONFIGURE_DEPENDS "${docs_source}/*")
add_custom_command(
    OUTPUT "${docs_out}/index.html"
    COMMAND "${docs_source}/build" "${docs_out}"
    DEPENDS ${docs_files}
    COMMENT "Fetching Swagger UI for /docs"
    VERBATIM)
tether_web_folder(web_docs "${docs_out}" DEPENDS "${docs_out}/index.html")

# The public pages stand as they are: no build.
set(pages "${CMAKE_CURRENT_SOURCE_DIR}/web/pages")
file(GLOB page_files CONFIGURE_DEPENDS "${pages}/*")
tether_web_folder(web_pages "${pages}" DEPENDS ${page_files})

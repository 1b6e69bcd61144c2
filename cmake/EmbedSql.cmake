# Embeds a folder of numbered migrations (NNNN_name.sql, from 0001 without gaps) into a driver.
#
#   tether_embed_migrations(TARGET SYMBOL DIR)
#
# makes SYMBOL.h in the build tree, which the driver's file includes: an array
# `static const struct storage_migration SYMBOL[]`, in order. The header is made anew when a file changes.
# The second half of this file is the script that the build runs.

if(NOT CMAKE_SCRIPT_MODE_FILE)
    set(TETHER_EMBED_SCRIPT "${CMAKE_CURRENT_LIST_FILE}")
    function(tether_embed_migrations target symbol dir)
        file(GLOB files CONFIGURE_DEPENDS "${dir}/*.sql")
        set(out_dir "${CMAKE_BINARY_DIR}/embedded/${target}")
        file(MAKE_DIRECTORY "${out_dir}")
        add_custom_command(
            OUTPUT "${out_dir}/${symbol}.h"
            COMMAND "${CMAKE_COMMAND}" "-DDIR=${dir}" "-DSYMBOL=${symbol}" "-DOUT=${out_dir}/${symbol}.h"
                    -P "${TETHER_EMBED_SCRIPT}"
            DEPENDS ${files} "${TETHER_EMBED_SCRIPT}"
            COMMENT "Embedding migrations into ${target}"
            VERBATIM)
        target_sources(${target} PRIVATE "${out_dir}/${symbol}.h")
        target_include_directories(${target} PRIVATE "${out_dir}")
    endfunction()
    return()
endif()

file(GLOB files "${DIR}/*.sql")
list(SORT files)
set(rows "")
set(expected 1)
foreach(file IN LISTS files)
    get_filename_component(base "${file}" NAME_WE)
    if(NOT base MATCHES "^([0-9][0-9][0-9][0-9])_([a-z0-9_]+)$")
        message(FATAL_ERROR "${file}: a migration is named NNNN_name.sql, in lower case")
    endif()
    set(name "${CMAKE_MATCH_2}")
    string(REGEX REPLACE "^0+" "" number "${CMAKE_MATCH_1}")
    if(NOT number STREQUAL expected)
        message(FATAL_ERROR "${file}: expected migration number ${expected}; numbers go from 0001 without gaps")
    endif()
    file(READ "${file}" sql)
    string(REPLACE "\\" "\\\\" sql "${sql}")
    string(REPLACE "\"" "\\\"" sql "${sql}")
    string(REPLACE "\n" "\\n\"\n      \"" sql "${sql}")
    string(APPEND rows "    { ${number}, \"${name}\",\n      \"${sql}\" },\n")
    math(EXPR expected "${expected} + 1")
endforeach()
if(expected EQUAL 1)
    message(FATAL_ERROR "${DIR}: no migrations")
endif()
file(WRITE "${OUT}"
    "/* Made by EmbedSql.cmake. */\n#include <tether/storage.h>\n\n"
    "static const struct storage_migration ${SYMBOL}[] = {\n${rows}};\n")

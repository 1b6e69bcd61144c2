# A room is one folder of the house: a static library whose headers other rooms reach as
# "room/header.h", and only when they name the room in USES. The trick is a folder per room in the
# build tree that holds nothing but a link back to the room's sources: an #include of a room that is
# not in USES finds no file, so a wrong arrow does not build.
#
#   tether_room(NAME [DIR path] [SOURCES a.c …] [USES room …] [PACKAGES imported-target …])

function(tether_room_includes name dir)
    set(link_dir "${CMAKE_BINARY_DIR}/rooms/${name}")
    file(MAKE_DIRECTORY "${link_dir}")
    file(CREATE_LINK "${dir}" "${link_dir}/${name}" SYMBOLIC)
    add_library(${name}_headers INTERFACE)
    target_include_directories(${name}_headers INTERFACE "${link_dir}")
endfunction()

function(tether_room name)
    cmake_parse_arguments(ROOM "" "DIR" "SOURCES;USES;PACKAGES" ${ARGN})
    if(NOT ROOM_DIR)
        set(ROOM_DIR "${CMAKE_CURRENT_SOURCE_DIR}/${name}")
    endif()
    tether_room_includes(${name} "${ROOM_DIR}")
    if(NOT ROOM_SOURCES)
        file(GLOB_RECURSE ROOM_SOURCES CONFIGURE_DEPENDS "${ROOM_DIR}/*.c")
    endif()
    if(NOT ROOM_SOURCES) # a room that is planned, not yet built
        file(WRITE "${CMAKE_BINARY_DIR}/rooms/${name}.c" "typedef int tether_empty_room;\n")
        set(ROOM_SOURCES "${CMAKE_BINARY_DIR}/rooms/${name}.c")
    endif()
    add_library(${name} STATIC ${ROOM_SOURCES})
    target_link_libraries(${name} PRIVATE tether_flags ${name}_headers ${ROOM_PACKAGES})
    foreach(used IN LISTS ROOM_USES)
        target_link_libraries(${name} PRIVATE ${used} ${used}_headers)
    endforeach()
endfunction()

# Warnings and hardening, once, for every target.
find_package(Threads REQUIRED)
add_library(tether_flags INTERFACE)
target_compile_definitions(tether_flags INTERFACE _GNU_SOURCE TETHER_VERSION="${PROJECT_VERSION}")
target_compile_options(tether_flags INTERFACE
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings
    -Wformat=2 -Wvla -Wimplicit-fallthrough -Wno-missing-field-initializers
    -fno-common -fstack-protector-strong -fno-strict-aliasing
    -include "${CMAKE_SOURCE_DIR}/src/base/banned.h")
target_link_libraries(tether_flags INTERFACE Threads::Threads)
if(TETHER_WERROR)
    target_compile_options(tether_flags INTERFACE -Werror)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# The tests are some 150 programs: mold, where there is one, links them in a third of the time.
find_program(TETHER_MOLD mold)
if(TETHER_TESTS AND TETHER_MOLD)
    add_link_options(-fuse-ld=mold)
endif()
if(TETHER_SANITIZE)
    # -g1: a report's lines need no more, and less is written and linked. (-O1 takes as long to compile as it saves.)
    target_compile_options(tether_flags INTERFACE -fsanitize=${TETHER_SANITIZE} -fno-omit-frame-pointer
                           -fno-sanitize-recover=undefined -g1)
    target_link_options(tether_flags INTERFACE -fsanitize=${TETHER_SANITIZE})
    # At a fixed address: the sanitizers describe every variable and every check in tables full of pointers, and the hundreds
    # of programs that a run starts would spend a quarter of their start on relocating them. (ThreadSanitizer starts few.)
    if(TETHER_SANITIZE MATCHES address)
        target_link_options(tether_flags INTERFACE $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-no-pie>)
    endif()
else()
    target_compile_options(tether_flags INTERFACE $<$<CONFIG:Release,RelWithDebInfo>:-U_FORTIFY_SOURCE>
                           $<$<CONFIG:Release,RelWithDebInfo>:-D_FORTIFY_SOURCE=3>
                           $<$<C_COMPILER_ID:GNU>:-fstack-clash-protection>
                           $<$<C_COMPILER_ID:GNU>:-fcf-protection>)
    target_link_options(tether_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
endif()

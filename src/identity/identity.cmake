# What the identity room needs beyond tether_room().

# The bundled list of common passwords: generated into the build tree from Debian's python3-zxcvbn.
find_program(TETHER_PYTHON python3 REQUIRED)
find_file(ZXCVBN_FREQUENCY_LISTS frequency_lists.py
          PATHS /usr/lib/python3/dist-packages/zxcvbn
          DOC "zxcvbn's frequency_lists.py (package python3-zxcvbn)" REQUIRED NO_DEFAULT_PATH)
set(common_passwords_source "${CMAKE_BINARY_DIR}/generated/common_passwords_list.c")
set(common_passwords_script "${CMAKE_CURRENT_LIST_DIR}/make_common_passwords.py")
file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/generated")
add_custom_command(
    OUTPUT "${common_passwords_source}"
    COMMAND "${TETHER_PYTHON}" "${common_passwords_script}" "${ZXCVBN_FREQUENCY_LISTS}" "${common_passwords_source}"
    DEPENDS "${common_passwords_script}" "${ZXCVBN_FREQUENCY_LISTS}"
    COMMENT "Listing common passwords"
    VERBATIM)
target_sources(identity PRIVATE "${common_passwords_source}")

# How the house is built from rooms, helpers, plugins and tests.

# A room of core/: a static library, its headers included as <room>/<name>.h.
function(banger_room name)
	cmake_parse_arguments(room "" "" "SOURCES;LINKS" ${ARGN})
	add_library(${name} STATIC ${room_SOURCES})
	target_include_directories(${name} PUBLIC "${CMAKE_SOURCE_DIR}/core")
	target_link_libraries(${name} PUBLIC ${room_LINKS})
endfunction()

# A program that the updater runs by descriptor.
function(banger_helper name)
	cmake_parse_arguments(helper "" "" "SOURCES;LINKS" ${ARGN})
	add_executable(${name} ${helper_SOURCES})
	target_link_libraries(${name} PRIVATE ${helper_LINKS})
	install(TARGETS ${name} RUNTIME DESTINATION "${CMAKE_INSTALL_LIBEXECDIR}/banger-update")
endfunction()

# A preflight plugin shipped with the updater.
function(banger_plugin name)
	cmake_parse_arguments(plugin "" "" "SOURCES;LINKS" ${ARGN})
	add_library(${name} MODULE ${plugin_SOURCES})
	set_target_properties(${name} PROPERTIES PREFIX "")
	target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}/core/include")
	target_link_libraries(${name} PRIVATE ${plugin_LINKS})
	if(NOT BANGER_SANITIZE)
		target_link_options(${name} PRIVATE -Wl,-z,defs)
	endif()
	install(TARGETS ${name} LIBRARY DESTINATION "${BANGER_PLUGINDIR}")
endfunction()

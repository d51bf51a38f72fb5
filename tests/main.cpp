// Catch2's own main takes long to compile: once, for all test programs.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

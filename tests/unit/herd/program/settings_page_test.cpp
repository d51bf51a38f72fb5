#include "herd/program/settings_page.hpp"

#include "herd/config/settings.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>
#include <string>

TEST_CASE("settings page: docs/configuration.md is what `herd check --settings` prints",
          "[herd][program]") {
    std::ostringstream file;
    file << std::ifstream(HERD_SOURCE_ROOT "/docs/configuration.md").rdbuf();
    CHECK(file.str() == herd::program::settings_page());
}

TEST_CASE("settings page: it names every setting", "[herd][program]") {
    const std::string page = herd::program::settings_page();
    for (const auto& setting : herd::config::settings()) {
        if (herd::config::allowed(setting).empty()) continue;
        INFO(herd::config::path_of(setting));
        CHECK(page.find("- `" + herd::config::path_of(setting) + "`: ") != std::string::npos);
    }
}

#include "herd/program/qr_code.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace qr_code_test {

using herd::program::qr_code;

namespace {

// What is black on the screen, a string of '#' and '.' a row of modules.
std::vector<std::string> seen(const std::string& code) {
    constexpr std::string_view begin = "\x1b[38;5;16;48;5;231m";
    constexpr std::string_view end = "\x1b[0m";
    std::vector<std::string> rows;
    for (std::size_t at = 0; at < code.size();) {
        const std::size_t line_end = code.find('\n', at);
        std::string_view line = std::string_view(code).substr(at, line_end - at);
        REQUIRE(line.starts_with(begin));
        REQUIRE(line.ends_with(end));
        line.remove_prefix(begin.size());
        line.remove_suffix(end.size());
        std::string upper, lower;
        while (!line.empty()) {
            const std::string_view shown = line.substr(0, line[0] == ' ' ? 1 : 3);
            const bool full = shown == "\u2588";
            upper += full || shown == "\u2580" ? '#' : '.';
            lower += full || shown == "\u2584" ? '#' : '.';
            line.remove_prefix(shown.size());
        }
        rows.push_back(upper);
        rows.push_back(lower);
        at = line_end + 1;
    }
    return rows;
}

}  // namespace

TEST_CASE("QR code: is a square with three marks, and a margin of four modules", "[herd]") {
    const auto rows = seen(qr_code("HTTPS://HERD.EXAMPLE.ORG"));
    REQUIRE(rows.size() > 29);
    const std::size_t width = rows[0].size() - 8;
    CHECK(width % 4 == 1);  // Of every version.
    CHECK(rows.size() >= width + 8);
    const std::string white(width + 8, '.');
    for (std::size_t i = 0; i < 4; ++i) CHECK(rows[i] == white);
    for (std::size_t i = width + 4; i < rows.size(); ++i) CHECK(rows[i] == white);
    const std::vector<std::string> mark = {
        "#######", "#.....#", "#.###.#", "#.###.#", "#.###.#", "#.....#", "#######"};
    for (std::size_t i = 0; i < mark.size(); ++i) {
        CHECK(rows[4 + i].substr(0, 12) == "...." + mark[i] + ".");
        CHECK(rows[4 + i].substr(width - 4) == "." + mark[i] + "....");
        CHECK(rows[width - 3 + i].substr(0, 12) == "...." + mark[i] + ".");
    }
}

TEST_CASE("QR code: holds what links of apps have, and what is too long has none", "[herd]") {
    const auto small = seen(qr_code(std::string(100, 'a')));
    const auto large = seen(qr_code(std::string(1000, 'a')));
    CHECK(small.size() < large.size());
    CHECK(qr_code(std::string(3000, 'a')).empty());
}

}  // namespace qr_code_test

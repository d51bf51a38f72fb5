#include "protocol/at_line.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <string>
#include <vector>

namespace protocol {
namespace {

const IamAt kiwi = {"kiwi.cs.ucla.edu",
                    "+34.068930-118.445127",
                    "1520023934.918963997",
                    PosixTime{1520023934918963997}};

std::string answer(std::string_view server, std::int64_t skew_ns, const IamAt& report) {
    std::vector<char> out(at_line_size_max(server, report));
    return std::string(write_at(out, server, skew_ns, report).whole);
}

TEST_CASE("at_line: the worked example comes out byte for byte", "[protocol][at_line]") {
    CHECK(answer("Goloman", 263873386, kiwi) ==
          "AT Goloman +0.263873386 kiwi.cs.ucla.edu +34.068930-118.445127 1520023934.918963997");
}

TEST_CASE("at_line: an answer has single blanks, whatever the report had", "[protocol][at_line]") {
    for (const std::string_view line :
         {"IAMAT kiwi +34.5-118 1.50", "IAMAT  kiwi\t+34.5-118 \v1.50 "}) {
        const auto command = parse_command(line);
        const auto& report = std::get<IamAt>(command.value());
        std::vector<char> out(at_line_size_max("Hands", report));
        const AtLine answer = write_at(out, "Hands", -1'500'000'000, report);
        CHECK(answer.whole == "AT Hands -1.500000000 kiwi +34.5-118 1.50");
        CHECK(answer.tail == "kiwi +34.5-118 1.50");
        CHECK(answer.skew_text == "-1.500000000");
        CHECK(answer.client == "kiwi");
        CHECK(answer.location == "+34.5-118");
        CHECK(answer.time_text == "1.50");
        CHECK(at_line_size(answer) == answer.whole.size());
    }
}

TEST_CASE("at_line: a client whose clock is ahead gets a negative skew", "[protocol][at_line]") {
    CHECK(answer("Hands", -5, kiwi).substr(0, 21) == "AT Hands -0.000000005");
}

TEST_CASE("at_line: texts are copied, not written anew", "[protocol][at_line]") {
    const IamAt report = {"a\xff", "+034.0-1", "+0001.50", PosixTime{1500000000}};
    CHECK(answer("Welsh", 0, report) == "AT Welsh +0.000000000 a\xff +034.0-1 +0001.50");
}

TEST_CASE("at_line: the size told beforehand is reached by the longest skew",
          "[protocol][at_line]") {
    const auto longest = answer("Goloman", std::numeric_limits<std::int64_t>::min(), kiwi);
    CHECK(longest.size() == at_line_size_max("Goloman", kiwi));
}

TEST_CASE("at_line: no answer is longer than its command and the surplus", "[protocol][at_line]") {
    const std::string command = "IAMAT c +1-2 3";
    const auto parsed = parse_command(command);
    const std::string name(server_name_size_max, 'n');
    CHECK(at_line_size_max(name, std::get<IamAt>(*parsed)) == command.size() + at_line_surplus);
}

TEST_CASE("at_line: a line that was read is written as it was", "[protocol][at_line]") {
    const AtLine line = {"Hands", "+0.25", "a", "+1-2", "3.50", PosixTime{3500000000}, 250000000};
    std::vector<char> out(at_line_size(line));
    CHECK(format_at(out, line) == "AT Hands +0.25 a +1-2 3.50");
}

TEST_CASE("at_line: an old server's message names the hop where there is room for it",
          "[protocol][at_line]") {
    const std::string start = "AT Hands +0.25 ";
    const auto line = [&](std::size_t size) {
        return start + std::string(size - start.size() - 7, 'a') + " +1-2 3";
    };
    std::vector<char> out(legacy_message_size_max);
    for (const std::size_t size : {30U, 100U, 192U}) {
        CHECK(format_legacy(out, line(size), "Goloman") == line(size) + " Goloman");
    }
    for (const std::size_t size : {193U, 199U, 200U}) {
        CHECK(format_legacy(out, line(size), "Goloman") == line(size));
    }
    for (const std::size_t size : {201U, 9000U}) {
        CHECK(format_legacy(out, line(size), "Goloman").empty());
    }
}

TEST_CASE("at_line: an invalid line is copied behind a question mark", "[protocol][at_line]") {
    for (const std::string& line : {std::string("? IAMAT x"),
                                    std::string(),
                                    std::string(" a\r"),
                                    std::string("a\0b", 3),
                                    std::string(9000, 'x')}) {
        std::vector<char> out(invalid_size(line));
        CHECK(format_invalid(out, line) == "? " + line);
    }
}

}  // namespace
}  // namespace protocol

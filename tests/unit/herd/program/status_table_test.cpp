#include "herd/program/status_table.hpp"

#include "reactor/sys.hpp"

#include <catch2/catch.hpp>
#include <rapidjson/document.h>

#include <cstdint>
#include <string>
#include <vector>

namespace herd::program_test {

namespace {

using namespace herd::program;

bool is_printable(const std::string& text) {
    for (const char c : text) {
        if (c != '\n' && (c < ' ' || c > '~')) return false;
    }
    return true;
}

bool is_json(const std::string& text) {
    rapidjson::Document document;
    return !document.Parse<rapidjson::kParseIterativeFlag>(text.data(), text.size())
                .HasParseError();
}

std::string nested(std::size_t depth) {
    return R"({"server":"A","links":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
}

}  // namespace

TEST_CASE("status table: what is no status is told of as such", "[herd][program]") {
    const auto line = GENERATE(as<std::string>(),
                               "",
                               "junk",
                               "}]},\"servers\":[ evil",
                               "[]",
                               "{}",
                               R"({"server":1})",
                               R"({"server":"A"} {})",
                               std::string("{\"server\":\"A\"}\0x", 16),
                               "{\"server\":\"\xff\"}",
                               "{\"server\":\"\x1b\"}",
                               R"({"server":"A","up_s":1e999})",
                               nested(100),
                               nested(1'000'000),
                               std::string(1'000'000, '['));
    const StatusAnswer answer = read_status("A", line, {});
    CAPTURE(line.substr(0, 40));
    CHECK(answer.json.empty());
    CHECK(answer.trouble == "not a status");
    CHECK_FALSE(all_answered({answer}));
    CHECK(status_json({answer}) ==
          "{\"servers\":[{\"server\":\"A\",\"error\":\"not a status\"}],"
          "\"tables\":{\"servers\":1,\"known\":0,\"different\":0}}\n");
    CHECK(status_tables({answer}).find("A       -   not a status\n") != std::string::npos);
}

TEST_CASE("status table: whatever a server says, a terminal can show", "[herd][program]") {
    const StatusAnswer answer =
        read_status("A",
                    "{\"server\":\"A\",\"digest\":\"\\u001b]0;x\\u0007\",\"records\":\"\\u0000\","
                    "\"journal\":\"\\u009b2J\",\"up_s\":18446744073709551615,\"clients\":\"" +
                        std::string(100'000, 'x') +
                        "\",\"links\":[1,{\"neighbour\":\"\\u001b[31m\",\"state\":\"\x7f\"}]}",
                    {});
    CHECK(all_answered({answer}));
    const std::string tables = status_tables({answer});
    CHECK(is_printable(tables));
    CHECK(tables.size() < 2'000);
    CHECK(tables.find("?]0;x?") != std::string::npos);
    const std::string json = status_json({answer});
    CHECK(is_json(json));
    for (const char c : json) CHECK((c == '\n' || c >= ' '));
}

TEST_CASE("status table: what another server says is not taken for a server's", "[herd][program]") {
    const StatusAnswer answer =
        read_status("B", R"({"server":"\u001bC","links":[]})", {}, 2, "127.0.0.1:21102");
    CHECK(answer.other);
    CHECK(answer.json.empty());
    CHECK(answer.trouble == "at 127.0.0.1:21102, where B should be, ?C answers");
    CHECK_FALSE(all_answered({answer}));
    CHECK_FALSE(read_status("B", R"({"server":"B","links":[]})", {}).other);
}

TEST_CASE("status table: one bad answer spoils no other's", "[herd][program]") {
    const std::vector<StatusAnswer> answers = {
        read_status("A", R"({"server":"A","digest":"1","links":[]})", {}),
        read_status("B", R"({"server":"B)", {}),
        read_status("C", "", "no answer in time")};
    CHECK_FALSE(all_answered(answers));
    CHECK(status_json(answers) ==
          "{\"servers\":[{\"server\":\"A\",\"digest\":\"1\",\"links\":[]},"
          "{\"server\":\"B\",\"error\":\"not a status\"},"
          "{\"server\":\"C\",\"error\":\"no answer in time\"}],"
          "\"tables\":{\"servers\":3,\"known\":1,\"different\":1}}\n");
    CHECK(status_tables(answers).find("1 of 3 servers up") != std::string::npos);
}

TEST_CASE("status table: tables are the same as far as they are known, and no further",
          "[herd][program]") {
    const auto digest = [](const std::string& text) {
        return read_status("A", R"({"server":"A","digest":")" + text + "\"}", {});
    };
    const StatusAnswer silent = read_status("A", "", "no answer in time");
    const StatusAnswer older = read_status("A", R"({"server":"A"})", {});
    const auto said = [](const std::vector<StatusAnswer>& answers) {
        const std::string text = status_tables(answers);
        return text.substr(text.find("links live, ") + 12);
    };
    CHECK(said({digest("1")}) == "tables equal\n");
    CHECK(said({digest("1"), digest("1")}) == "tables equal\n");
    CHECK(said({digest("1"), digest("2")}) == "2 different tables\n");
    CHECK(said({silent, older}) == "no table known\n");
    CHECK(said({digest("1"), silent, older}) == "1 of 3 tables known\n");
    CHECK(said({digest("1"), silent, digest("1")}) == "tables of 2 of 3 equal\n");
    CHECK(said({digest("1"), older, digest("1")}) == "tables of 2 of 3 equal\n");
    CHECK(said({digest("1"), silent, digest("2")}) == "2 different tables in 2 of 3\n");
    const std::string json = status_json({digest("1"), silent, digest("1"), digest("2")});
    CHECK(json.ends_with(R"(,"tables":{"servers":4,"known":3,"different":2}})"
                         "\n"));
}

TEST_CASE("status table: one that tells little is up, and its links are not known",
          "[herd][program]") {
    const StatusAnswer answer =
        read_status("A", R"({"server":"A","up_s":61,"draining":false,"brief":true})", {}, 3);
    CHECK(all_answered({answer}));
    const std::string tables = status_tables({answer});
    CHECK(tables.find("A       1m 1s  tells the rest to its own machine only") !=
          std::string::npos);
    CHECK(tables.find("1 of 1 servers up, 0 of 3 links live, no table known") != std::string::npos);
}

TEST_CASE("status table: links without TLS are spoken of where a server has keys",
          "[herd][program]") {
    const auto said = [](const std::string& expires, const std::string& link) {
        return status_tables({read_status("A",
                                          R"({"server":"A","certificate_expires_s":)" + expires +
                                              R"(,"links":[{"neighbour":"B",)" + link + "}]}",
                                          {})});
    };
    const std::string plain = R"("state":"live","tls":false)";
    CHECK(said("9000000000", plain).find("live, plain") != std::string::npos);
    CHECK(said("9000000000", R"("state":"live","tls":true)").find("plain") == std::string::npos);
    CHECK(said("9000000000", R"("state":"down","tls":false)").find("plain") == std::string::npos);
    CHECK(said("9000000000", plain + R"(,"legacy":true)").find("plain") == std::string::npos);
    CHECK(said("0", plain).find("plain") == std::string::npos);
}

TEST_CASE("status table: a certificate that soon expires is spoken of", "[herd][program]") {
    const std::int64_t now = reactor::sys::wall_s();
    const auto said = [&](std::int64_t expires) {
        return status_tables({read_status(
            "A", R"({"server":"A","certificate_expires_s":)" + std::to_string(expires) + "}", {})});
    };
    constexpr std::int64_t day = 86'400;
    CHECK(said(0).find("certificate") == std::string::npos);
    CHECK(said(now + 31 * day).find("certificate") == std::string::npos);
    CHECK(said(now + 12 * day + 60).find("A: its certificate expires in 12 days\n") !=
          std::string::npos);
    CHECK(said(now - 1).find("A: its certificate has expired\n") != std::string::npos);
}

}  // namespace herd::program_test

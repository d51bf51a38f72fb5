#include "tests/live/herd_process.hpp"

#include <catch2/catch.hpp>
#include <rapidjson/document.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conformance_test {

using namespace live;

namespace {

// Of a JSON text with an empty line behind it. A regular expression would overflow the stack here.
constexpr std::string_view places_pattern = R"(\{(?:[^\n]|\n(?!\n))*\}\n\n)";

// One line of cases.jsonl, with what stands for something put in.
struct Case {
    std::string id;
    std::string why;
    std::vector<std::string> setup;
    std::string send;
    std::string expect;  // as it is, or a pattern
    bool pattern = false;
    bool places = false;
    bool half_close = false;
    int replies = 1;
    unsigned json_max = 0;
};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
        text.replace(at, from.size(), to);
    }
}

std::filesystem::path cases_file() {
    const char* const folder = std::getenv("HERD_TEST_DATA");
    const std::filesystem::path data =
        folder != nullptr ? folder : std::filesystem::path(__FILE__).parent_path() / "../data";
    return data / "cases.jsonl";
}

std::string filled_in(const rapidjson::Value& value, const std::string& server) {
    std::string text(value.GetString(), value.GetStringLength());
    static const auto now = std::chrono::system_clock::now().time_since_epoch();
    static const std::string seconds =
        std::to_string(std::chrono::floor<std::chrono::seconds>(now).count()) + ".250000001";
    replace_all(text, "${U}", std::to_string(getpid()));
    replace_all(text, "${SERVER}", server);
    replace_all(text, "${NOW}", seconds);
    replace_all(text, "${R:z*5000}", std::string(5000, 'z'));
    return text;
}

Case read_case(const std::string& line, const std::string& server) {
    rapidjson::Document json;
    json.Parse(line.data(), line.size());
    REQUIRE(!json.HasParseError());
    Case read;
    read.id = json["id"].GetString();
    read.why = json["why"].GetString();
    read.send = filled_in(json["send"], server);
    read.expect = filled_in(json["expect"], server);
    read.half_close = json.HasMember("half_close") && json["half_close"].GetBool();
    read.places = json.HasMember("places") && json["places"].GetBool();
    if (json.HasMember("replies")) read.replies = json["replies"].GetInt();
    if (json.HasMember("json_max")) read.json_max = json["json_max"].GetUint();
    if (json.HasMember("setup")) {
        for (const auto& step : json["setup"].GetArray()) {
            read.setup.push_back(filled_in(step, server));
        }
    }
    read.pattern = read.expect.starts_with("re:");
    if (read.pattern) read.expect.erase(0, 3);
    return read;
}

// What is in the way of the answer being such a text; empty: nothing.
std::string fault_of_places(std::string_view text, unsigned results_max) {
    if (!text.starts_with('{') || !text.ends_with("}\n\n")) return "not {...} and an empty line";
    text.remove_suffix(2);
    if (text.find("\n\n") != std::string_view::npos) return "an empty line inside";
    rapidjson::Document json;
    json.Parse(text.data(), text.size());
    if (json.HasParseError()) return "not JSON";
    for (const char* const member : {"html_attributions", "results", "status"}) {
        if (!json.HasMember(member)) return std::string("no ") + member;
    }
    const std::string status = json["status"].GetString();
    if (status != "OK" && status != "ZERO_RESULTS") return status;
    return json["results"].Size() <= results_max ? "" : "too many results";
}

// Python's named groups are the only thing in the patterns that std::regex does not know.
bool matches(const std::string& text, std::string pattern) {
    static const std::regex named("\\?P<[a-z0-9]+>");
    pattern = std::regex_replace(pattern, named, "");
    return std::regex_match(text, std::regex(pattern));
}

void check_answer(const Case& expected, const std::string& answer) {
    if (!expected.pattern) {
        CHECK(answer == expected.expect);
    } else if (expected.expect.ends_with(places_pattern)) {
        const std::size_t line_end = answer.find('\n') + 1;
        const std::size_t pattern_end = expected.expect.size() - places_pattern.size();
        CHECK(matches(answer.substr(0, line_end), expected.expect.substr(0, pattern_end)));
        CHECK(fault_of_places(answer.substr(line_end), expected.json_max ? expected.json_max : 5)
                  .empty());
    } else {
        CHECK(matches(answer, expected.expect));
    }
}

// Says it all, hears as much as is owed while the connection is open, then the rest, which must be
// nothing.
std::string converse(std::uint16_t port, const Case& what) {
    Client client(port);
    client.send(what.send);
    std::string answer;
    if (!what.half_close) {
        for (int i = 0; i < what.replies; ++i) {
            answer += what.places ? client.read_block() : client.read_line();
        }
    }
    client.end();
    return answer + client.read_all();
}

}  // namespace

TEST_CASE("conformance: every case of tests/data/cases.jsonl holds, none is left out",
          "[live][conformance]") {
    Herd herd({.with_places = true});
    std::ifstream file(cases_file());
    std::size_t ran = 0;
    for (std::string line; std::getline(file, line); ++ran) {
        const std::string& server = herd.names()[ran % herd.names().size()];
        const Case next = read_case(line, server);
        INFO(next.id << ": " << next.why << " (at " << server << ")");
        for (const auto& step : next.setup) {
            Client client(herd.port(server));
            client.send(step);
            REQUIRE(client.read_line().starts_with("AT "));
        }
        const std::string answer = converse(herd.port(server), next);
        INFO("sent: " << next.send << "answered: " << answer);
        check_answer(next, answer);
    }
    CHECK(ran == 67);
}

}  // namespace conformance_test

// Every case of tests/data/phones.jsonl: what an app sends, what it is answered, and where whom the
// server then takes to be. The fields of a case:
//
//   request, headers, body   the request; or `raw`, byte for byte, and what is sent then
//   status, answer           of each answer the status; of the last one the body, if that counts
//   at                       client: "location time"; all that is known, and no other client
//   counts                   counters that are so now
//   close                    the server ends the connection
#include "herd/watch/counters_table.hpp"
#include "tests/unit/herd/phones/phone_world.hpp"

#include <catch2/catch.hpp>
#include <rapidjson/document.h>

#include <fstream>
#include <string>
#include <vector>

namespace phone_cases_test {

using namespace herd;
using namespace herd::phone_world;

namespace {

using Json = rapidjson::Value;

// In the data a character is a byte.
std::string bytes_of(const Json& text) {
    std::string bytes;
    const std::string utf8(text.GetString(), text.GetStringLength());
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        const auto byte = static_cast<unsigned char>(utf8[i]);
        if (byte < 0x80) {
            bytes += utf8[i];
        } else {
            bytes += static_cast<char>((byte & 3) << 6 | (utf8[++i] & 0x3f));
        }
    }
    return bytes;
}

std::string request_of(const Json& one) {
    if (one.HasMember("raw")) return bytes_of(one["raw"]);
    std::string request = bytes_of(one["request"]) + " HTTP/1.1\r\nHost: herd.example:1300\r\n";
    if (one.HasMember("headers")) {
        for (const Json& each : one["headers"].GetArray()) request += bytes_of(each) + "\r\n";
    }
    if (!one.HasMember("body")) return request + "\r\n";
    const std::string body = bytes_of(one["body"]);
    return request + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// The answers, one by one.
std::vector<std::string> split(std::string text) {
    constexpr std::string_view begin = "HTTP/1.1 ";
    std::vector<std::string> answers;
    while (text.starts_with(begin)) {
        const std::size_t end = std::min(text.find(begin, 1), text.size());
        answers.push_back(text.substr(0, end));
        text.erase(0, end);
    }
    return answers;
}

std::vector<std::string> statuses_of(const Json& status) {
    if (!status.IsArray()) return {std::to_string(status.GetInt())};
    std::vector<std::string> all;
    for (const Json& each : status.GetArray()) all.push_back(std::to_string(each.GetInt()));
    return all;
}

std::uint64_t counter(const Server& server, std::string_view name) {
    for (const watch::Counter& each : watch::counters_table) {
        if (each.name == name) return server.counters().*each.value;
    }
    FAIL("no counter " << name);
    return 0;
}

void check_known(const Server& server, const Json& at) {
    CHECK(server.table().size() == at.MemberCount());
    for (const auto& each : at.GetObject()) {
        const std::string found = where(server, each.name.GetString());
        const std::string wanted = each.value.GetString();
        if (wanted.ends_with(" now")) {
            INFO(found);
            // Within some seconds.
            const std::string now = std::to_string(start_s / 100);
            CHECK(found.starts_with(wanted.substr(0, wanted.size() - 3) + now));
        } else {
            CHECK(found == wanted);
        }
    }
}

// In pieces of that size; 0: at once.
void play(const Json& one, std::size_t piece) {
    World world(with_phones());
    const int fd = world.connect(phone_port);
    std::string request = request_of(one);
    for (; piece > 0 && request.size() > piece; request.erase(0, piece)) {
        world.say(fd, request.substr(0, piece));
    }
    world.say(fd, request);
    if (one.HasMember("then")) world.say(fd, bytes_of(one["then"]));
    world.run(10ms);
    std::string heard = world.hear(fd);
    CHECK(heard.ends_with('$') == one.HasMember("close"));
    if (heard.ends_with('$')) heard.pop_back();
    std::vector<std::string> codes;
    const auto answers = split(heard);
    for (const std::string& each : answers) codes.push_back(code_of(each));
    CHECK(codes == statuses_of(one["status"]));
    if (one.HasMember("answer") && !answers.empty()) {
        CHECK(body_of(answers.back()) == one["answer"].GetString());
    }
    check_known(world.a(), one["at"]);
    if (one.HasMember("counts")) {
        for (const auto& each : one["counts"].GetObject()) {
            CHECK(counter(world.a(), each.name.GetString()) == each.value.GetUint64());
        }
    }
    world.a().check();
}

}  // namespace

TEST_CASE("phones: every case of tests/data/phones.jsonl holds", "[herd][phones]") {
    std::ifstream file(HERD_SOURCE_ROOT "/tests/data/phones.jsonl");
    std::size_t played = 0;
    for (std::string line; std::getline(file, line); ++played) {
        rapidjson::Document one;
        one.Parse(line.c_str());
        REQUIRE_FALSE(one.HasParseError());
        INFO(one["case"].GetString());
        play(one, 0);
        // However the network cuts it.
        play(one, 1 + line.size() % 61);
    }
    CHECK(played >= 150);
}

}  // namespace phone_cases_test

#include "tests/live/herd_process.hpp"

#include <catch2/catch.hpp>
#include <rapidjson/document.h>

#include <chrono>
#include <cstdint>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include <poll.h>
#include <sys/socket.h>

namespace spec_test {

using namespace live;
using namespace std::chrono_literals;

// The numbers are those of the protocol's requirements, B (lines) to F (what public clients rely
// on). Requirements of the herd as a whole are in herd_test.cpp.
namespace {

const std::string here = "+34.068930-118.445127";
const std::string stamp = "1520023934.918963997";

// One herd for all that only talks.
Herd& herd() {
    static Herd shared({.with_places = true});
    return shared;
}

std::uint16_t goloman() {
    return herd().port("Goloman");
}

std::string fresh_name() {
    static int count = 0;
    return "client" + std::to_string(++count);
}

std::int64_t wall_ns() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

// Of seconds with nine decimals.
std::int64_t nanoseconds(std::string text) {
    text.erase(text.find('.'), 1);
    return std::stoll(text);
}

std::vector<std::string> fields(const std::string& line) {
    static const std::regex blank("[ \n]+");
    return {std::sregex_token_iterator(line.begin(), line.end(), blank, -1), {}};
}

// An answer to "IAMAT client here time", byte for byte but for the skew.
bool is_answer(const std::string& line, const std::string& client, const std::string& rest) {
    const std::string start = "AT Goloman ";
    const std::string end = " " + client + " " + rest + "\n";
    if (!line.starts_with(start) || !line.ends_with(end)) return false;
    const std::string skew = line.substr(start.size(), line.size() - start.size() - end.size());
    return std::regex_match(skew, std::regex("[+-][0-9]+\\.[0-9]{9}"));
}

bool is_answer(const std::string& line, const std::string& client) {
    return is_answer(line, client, here + " " + stamp);
}

std::string iamat(const std::string& client) {
    return "IAMAT " + client + " " + here + " " + stamp;
}

// Whether it is that line and its copy: "? " and the line.
bool is_refusal(const std::string& answer, const std::string& line) {
    return answer == "? " + line + "\n";
}

rapidjson::Document parse(std::string_view text) {
    rapidjson::Document json;
    json.Parse(text.data(), text.size());
    REQUIRE(!json.HasParseError());
    return json;
}

}  // namespace

TEST_CASE("spec 10-11: each of the six white-space bytes separates fields", "[live][spec]") {
    for (const char* const blank : {" ", "\t", "\r", "\f", "\v", " \t \r\f\v "}) {
        const std::string client = fresh_name();
        const std::string line = "IAMAT" + (blank + client) + blank + here + blank + stamp;
        CHECK(is_answer(herd().ask("Goloman", line), client));
    }
}

TEST_CASE("spec 11: other blanks of Unicode and ASCII, and NUL, are part of a client's name",
          "[live][spec]") {
    for (const std::string other :
         {"\xc2\xa0", "\xe2\x80\xa8", "\xc2\x85", "\x1c", "\x1f", "\x7f"}) {
        const std::string client = fresh_name() + other + "x";
        CHECK(is_answer(herd().ask("Goloman", iamat(client)), client));
    }
    const std::string nul("a\0b", 3);
    CHECK(is_answer(herd().ask("Goloman", iamat(nul)), nul));
}

TEST_CASE("spec 12: white space around a line, CRLF too, is ignored", "[live][spec]") {
    const std::string client = fresh_name();
    for (const std::string around : {"\r", " \t\v\f\r", "  "}) {
        CHECK(is_answer(herd().ask("Goloman", around + iamat(client) + around), client));
    }
}

TEST_CASE("spec 13: commands are upper case, and AT and HELLO are none for a client",
          "[live][spec]") {
    for (const std::string& line : {"iamat c " + here + " 1",
                                    std::string("Whatsat c 1 1"),
                                    "AT Hands +0.1 c " + here + " " + stamp,
                                    std::string("HELLO 1 Hands 1 0 0"),
                                    std::string("PING 1"),
                                    std::string("SEQ 1")}) {
        CHECK(is_refusal(herd().ask("Goloman", line), line));
    }
}

TEST_CASE("spec 14: IAMAT has exactly three operands", "[live][spec]") {
    for (const std::string& line :
         {std::string("IAMAT"), std::string("IAMAT c"), "IAMAT c " + here, iamat("c") + " more"}) {
        CHECK(is_refusal(herd().ask("Goloman", line), line));
    }
}

TEST_CASE("spec 15: a client's name has any bytes and 5,000 of them", "[live][spec]") {
    const std::string odd = "\xff\xfe\x80\x01?+-" + fresh_name();
    CHECK(is_answer(herd().ask("Goloman", iamat(odd)), odd));
    const std::string longest = fresh_name() + std::string(5000, 'n');
    const std::string answer = herd().ask("Goloman", iamat(longest));
    CHECK(is_answer(answer, longest));
    CHECK(eventually([&] { return herd().line_of("Welsh", longest) + "\n" == answer + "\n"; }));
}

TEST_CASE("spec 16: locations are signed decimal degrees within the globe", "[live][spec]") {
    for (const std::string good : {"+38-097",
                                   "+90+180",
                                   "-90-180",
                                   "+00+000",
                                   "+34.-118.4",
                                   "+34.06893-118.445127",
                                   "+0.000000000000001-1"}) {
        const std::string client = fresh_name();
        const std::string rest = good + " " + stamp;
        const std::string line = "IAMAT " + client + " " + rest;
        const std::string answer = herd().ask("Goloman", line);
        // A point needs no decimals in some notations: either way the line comes back whole.
        CHECK((is_answer(answer, client, rest) ||
               (good == "+34.-118.4" && is_refusal(answer, line))));
    }
    for (const std::string bad : {"+3404.1-11826.7",
                                  "+340408-1182642",
                                  "34-118",
                                  "+34118",
                                  "+90.000001+0",
                                  "+0-180.000001",
                                  "+3e1-118",
                                  "+34-118/",
                                  "+34-118+12",
                                  "+nan+nan"}) {
        const std::string line = "IAMAT " + fresh_name() + " " + bad + " " + stamp;
        CHECK(is_refusal(herd().ask("Goloman", line), line));
    }
}

TEST_CASE("spec 17: times are decimal seconds of up to nine decimals, and nothing else",
          "[live][spec]") {
    for (const std::string good : {"1520023934.918963997",
                                   "1621464827.959498503",
                                   "1353118103",
                                   "1520023934.9",
                                   "0.0",
                                   "4102444800.000000001"}) {
        const std::string client = fresh_name();
        const std::string answer =
            herd().ask("Goloman", "IAMAT " + client + " " + here + " " + good);
        CHECK(is_answer(answer, client, here + " " + good));
    }
    for (const std::string bad : {"nan",
                                  "inf",
                                  "1e9",
                                  "1_0",
                                  "--1",
                                  "+-1",
                                  "0x1",
                                  "1520023934.9.1",
                                  "",
                                  "1.1234567890123",
                                  "99999999999999999999"}) {
        const std::string line = "IAMAT " + fresh_name() + " " + here + " " + bad;
        CHECK(is_refusal(herd().ask("Goloman", line), line));
    }
}

TEST_CASE("spec 18-19, 21-22: the answer names the server and copies the rest byte for byte",
          "[live][spec]") {
    const std::string client = "kiwi.cs.ucla.edu";
    for (const std::string& server : herd().names()) {
        const auto got = fields(herd().ask(server, iamat(client)));
        REQUIRE(got.size() == 6);
        CHECK(got[0] == "AT");
        CHECK(got[1] == server);
        CHECK(got[3] == client);
        CHECK(got[4] == here);
        CHECK(got[5] == stamp);
    }
}

TEST_CASE("spec 20: the skew is the receive time minus the stamp, to the nanosecond, signed",
          "[live][spec]") {
    for (const std::int64_t offset : {-86'400'000'000'000, 0L, 3'600'000'000'001}) {
        const std::int64_t sent = wall_ns() + offset;
        const std::string nine = std::to_string(1'000'000'000 + sent % 1'000'000'000).substr(1);
        const std::string time = std::to_string(sent / 1'000'000'000) + "." + nine;
        const std::int64_t before = wall_ns();
        const std::string line = herd().ask("Goloman", "IAMAT c " + here + " " + time);
        const std::int64_t after = wall_ns();
        REQUIRE(is_answer(line, "c", here + " " + time));
        const std::string skew = fields(line)[2];
        CHECK(skew[0] == (offset > 0 ? '-' : '+'));
        const std::int64_t received = sent + nanoseconds(skew);
        CHECK(received >= before);
        CHECK(received <= after);
    }
}

TEST_CASE("spec 20: stamps one nanosecond apart give skews one nanosecond apart", "[live][spec]") {
    Client client(goloman());
    client.send("IAMAT c " + here + " 1520023934.918963997\nIAMAT c " + here +
                " 1520023934.918963998\n");
    const auto first = fields(client.read_line());
    const auto second = fields(client.read_line());
    CHECK(nanoseconds(first[2]) - nanoseconds(second[2]) == 1);
}

TEST_CASE("spec 23-24, 47: radius up to 50 and bound up to 20, beyond is invalid", "[live][spec]") {
    const std::string client = fresh_name();
    REQUIRE(is_answer(herd().ask("Goloman", iamat(client)), client));
    for (const std::string good : {"50 20", "10 5", "10.5871263 5", "1 1"}) {
        Client asker(goloman());
        asker.send("WHATSAT " + client + " " + good + "\n");
        CHECK(asker.read_block().ends_with("}\n\n"));
    }
    for (const std::string bad : {"50.0000001 5",
                                  "51 5",
                                  "10 21",
                                  "-1 5",
                                  "10 -1",
                                  "10 5.5",
                                  "10",
                                  "10 5 5",
                                  "x 5",
                                  "1e1 5"}) {
        const std::string line = "WHATSAT " + client + " " + bad;
        CHECK(is_refusal(herd().ask("Goloman", line), line));
    }
    const std::string unknown = "WHATSAT " + fresh_name() + "-unknown 10 5";
    CHECK(is_refusal(herd().ask("Goloman", unknown), unknown));
}

TEST_CASE("spec 25-29, 42: WHATSAT answers the AT line, places of the wanted shape, two newlines",
          "[live][spec]") {
    const std::string client = fresh_name();
    const std::string line = herd().ask("Goloman", iamat(client));
    for (const std::string& server : herd().names()) {
        Client asker(herd().port(server));
        asker.send("WHATSAT " + client + " 10 3\n");
        const std::string answer = asker.read_block();
        REQUIRE(answer.starts_with(line));
        const std::string text = answer.substr(line.size());
        CHECK(text.starts_with("{"));
        CHECK(text.ends_with("}\n\n"));
        CHECK(text.find("\n\n") == text.size() - 2);
        const auto json = parse(text);
        CHECK(json["html_attributions"].IsArray());
        CHECK(json["status"].GetString() == std::string("OK"));
        REQUIRE(json["results"].Size() == 3);
        for (const auto& place : json["results"].GetArray()) {
            CHECK(place["geometry"]["location"]["lat"].IsNumber());
            CHECK(place["name"].IsString());
        }
    }
}

TEST_CASE("spec 32-33: an invalid line comes back byte for byte, and nothing more is sent",
          "[live][spec]") {
    for (const std::string& line : {std::string("nonsense"),
                                    std::string("\xff\xfe\x80 \xc3("),
                                    std::string("a\0b\0", 4),
                                    std::string("  two  blanks\tand a tab "),
                                    std::string("")}) {
        Client client(goloman());
        client.send(line + "\n");
        const std::string answer = client.read_line();
        client.end();
        CHECK(answer + client.read_all() == "? " + line + "\n");
    }
}

TEST_CASE("spec 38: a WHATSAT is answered though the client has half-closed before the places came",
          "[live][spec]") {
    const std::string client = fresh_name();
    REQUIRE(is_answer(herd().ask("Goloman", iamat(client)), client));
    herd().inject("delay=200");
    Client asker(goloman());
    asker.send("WHATSAT " + client + " 10 5\n");
    asker.end();
    const std::string answer = asker.read_all();
    herd().inject("delay=0");
    CHECK(answer.starts_with("AT Goloman "));
    CHECK(answer.ends_with("}\n\n"));
}

TEST_CASE("spec 39: an unterminated last line counts when the client half-closes", "[live][spec]") {
    for (const std::string line : {"IAMAT Clark +12-118",
                                   "IAMAT Clark +12-118 160000 123",
                                   "AS Clark +0.25 testuser +12-118 1234"}) {
        Client client(goloman());
        client.send(line);
        client.end();
        CHECK(client.read_all() == "? " + line + "\n");
    }
    const std::string name = fresh_name();
    Client client(goloman());
    client.send(iamat(name));
    client.end();
    CHECK(is_answer(client.read_all(), name));
}

TEST_CASE("spec 40: the AT line and the JSON arrive in one read", "[live][spec]") {
    const std::string client = fresh_name();
    REQUIRE(is_answer(herd().ask("Goloman", iamat(client)), client));
    Client asker(goloman());
    asker.send("WHATSAT " + client + " 50 20\n");
    pollfd readable{asker.fd(), POLLIN, 0};
    REQUIRE(::poll(&readable, 1, 10'000) == 1);
    std::string answer(1'000'000, '\0');
    const auto size = ::recv(asker.fd(), answer.data(), answer.size(), 0);
    REQUIRE(size > 0);
    answer.resize(static_cast<std::size_t>(size));
    CHECK(answer.ends_with("}\n\n"));
    const auto json = parse(std::string_view(answer).substr(answer.find('\n') + 1));
    CHECK(json["results"].Size() == 20);
}

TEST_CASE("spec 41, 43: six fields, one number each for skew and time, short stamps as sent",
          "[live][spec]") {
    const std::regex number("[-+]?\\d*\\.\\d+|\\d+");
    const auto numbers = [&](const std::string& text) {
        return std::distance(std::sregex_iterator(text.begin(), text.end(), number), {});
    };
    for (const std::string time : {"1520023934.9189637", "1520023934.0", "1520023934"}) {
        const auto got = fields(herd().ask("Goloman", "IAMAT c +34.06893-118.445127 " + time));
        REQUIRE(got.size() == 6);
        CHECK(numbers(got[2]) == 1);
        CHECK(numbers(got[4]) == 2);
        CHECK(numbers(got[5]) == 1);
        CHECK(got[5] == time);
    }
}

TEST_CASE(
    "spec 38: answers come in order, and a waiting WHATSAT holds back its own connection only",
    "[live][spec]") {
    const std::string name = fresh_name();
    REQUIRE(is_answer(herd().ask("Goloman", iamat(name)), name));
    herd().inject("delay=300");
    Client waiting(goloman());
    waiting.send("first\nWHATSAT " + name + " 11 1\nsecond\n" + iamat(name) + "\nWHATSAT " + name +
                 " 1 0\nlast\n");
    CHECK(waiting.read_line() == "? first\n");
    Client other(goloman());
    // On a busy machine a hundred answers take longer than the delay.
    pollfd early{waiting.fd(), POLLIN, 0};
    int meanwhile = 0;
    for (int i = 0; i < 100 && ::poll(&early, 1, 0) == 0; ++i) {
        REQUIRE(is_answer(other.ask(iamat("o")), "o"));
        if (::poll(&early, 1, 0) == 0) ++meanwhile;
    }
    CHECK(meanwhile > 0);
    CHECK(waiting.read_block().starts_with("AT Goloman "));
    CHECK(waiting.read_line() == "? second\n");
    CHECK(is_answer(waiting.read_line(), name));
    CHECK(waiting.read_block().starts_with("AT Goloman "));
    CHECK(waiting.read_line() == "? last\n");
    herd().inject("delay=0");
}

}  // namespace spec_test

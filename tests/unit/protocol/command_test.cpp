#include "protocol/command.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <string>

using namespace std::string_literals;
using namespace std::string_view_literals;

namespace protocol {
namespace {

constexpr std::string_view valid_lines[] = {
    "IAMAT a9-u1 +25.0339687+121.5622835 1520023934.918963997"sv,
    "IAMAT a13-u1 +00.000000+000.000000 1520023934.918963997"sv,
    "IAMAT a16-u1 -17.713371-179.999999 1520023934.918963997"sv,
    "IAMAT a18-u1 +34.068930-118.445127 4102444800.000000001"sv,
    "IAMAT\tw2-u1\t+34.068930-118.445127\t1520023934.918963997"sv,
    "IAMAT\rw5-u1\r+34.068930-118.445127\r1520023934.918963997"sv,
    "IAMAT w13-a\302\240b-u1 +34.068930-118.445127 1520023934.918963997"sv,
    "IAMAT e\314\201tudiant-u1 +34.068930-118.445127 1520023934.918963997"sv,
    "IAMAT \360\237\230\202u1 +34.068930-118.445127 1520023934.918963997"sv,
    "IAMAT \346\235\261\344\272\254-u1 +34.068930-118.445127 1520023934.918963997"sv,
    "IAMAT IAMAT +34.068930-118.445127 1520023934.918963997"sv,
    "IAMAT ? +34.068930-118.445127 1520023934.918963997"sv,
    "IAMAT a\000b-u1 +34.068930-118.445127 1520023934.918963997"sv,
    "WHATSAT q02-u1 1 10"sv,
    "WHATSAT q03-u1 50 20"sv,
    "WHATSAT q39-u1 4 4"sv,
    "WHATSAT q50-u1 10 5"sv,
    "WHATSAT q58-u1 10 5"sv,
};

constexpr std::string_view invalid_lines[] = {
    "IAMAT g01-u1 34.068930-118.445127 1520023934.918963997"sv,
    "IAMAT g02-u1 -118.445127 1520023934.918963997"sv,
    "IAMAT g03-u1 +18.445127 1520023934.918963997"sv,
    "IAMAT g04-u1 Los_Angeles 1520023934.918963997"sv,
    "IAMAT g05-u1 +34.068930118.445127 1520023934.918963997"sv,
    "IAMAT g07-u1 +34.068930,118.445127 1520023934.918963997"sv,
    "IAMAT g08-u1 + 1520023934.918963997"sv,
    "IAMAT g12-u1 -+118.445127 1520023934.918963997"sv,
    "IAMAT g15-u1 +34..068930-118.445127 1520023934.918963997"sv,
    "IAMAT g20-u1 +34.068930x-118.445127 1520023934.918963997"sv,
    "IAMAT g21-u1 +95.000000-118.445127 1520023934.918963997"sv,
    "IAMAT g23-u1 +34.068930-180.000001 1520023934.918963997"sv,
    "IAMAT g24-u1 +34.068930+200.000000 1520023934.918963997"sv,
    "IAMAT g25-u1 +77.777777-888.888888 1520023934.918963997"sv,
    "IAMAT g28-u1 +nan-nan 1520023934.918963997"sv,
    "IAMAT g29-u1 +inf-inf 1520023934.918963997"sv,
    "IAMAT g32-u1 +\331\243\331\244.06-118.44 1520023934.918963997"sv,
    "IAMAT g33-u1 +0x22-0x76 1520023934.918963997"sv,
    "IAMAT t02-u1 +34.068930-118.445127 nan"sv,
    "IAMAT t04-u1 +34.068930-118.445127 -inf"sv,
    "IAMAT t05-u1 +34.068930-118.445127 Infinity"sv,
    "IAMAT t06-u1 +34.068930-118.445127 1520023934.918.963"sv,
    "IAMAT t07-u1 +34.068930-118.445127 1,520,023,934.9"sv,
    "IAMAT t08-u1 +34.068930-118.445127 1_520_023_934.918963997"sv,
    "IAMAT t09-u1 +34.068930-118.445127 0x5A99B9FE"sv,
    "IAMAT t12-u1 +34.068930-118.445127 +"sv,
    "IAMAT client"sv,
    "WHATSAT"sv,
    "WHATSAT f8-u1"sv,
    "LLL"sv,
    "garbage"sv,
    "MUFUFU hello"sv,
    "kiwi.cs.ucla.edu 10 5"sv,
    "WHATISAT plum.cs.ucla.edu 1 1"sv,
    "iamat client +34.068930-118.445127 1520023934.918963997"sv,
    "whatsat client 10 5"sv,
    "? IAMAT x"sv,
    "GET / HTTP/1.1"sv,
    "\302\277d\303\263nde? \360\237\230\202"sv,
    "AS Clark +0.25 testuser +12-118 1234"sv,
    "IAMAT Clark +12-118"sv,
    "WHATSAT q13-u1 inf 5"sv,
    "WHATSAT q32-u1 10 l"sv,
    "WHATSAT q33-u1 10 nan"sv,
};

void check_whats_at(const std::string& operands, std::uint32_t radius_mm, std::uint32_t bound) {
    CAPTURE(operands);
    const std::string line = "WHATSAT kiwi.cs.ucla.edu " + operands;
    const auto command = parse_command(line);
    REQUIRE(command);
    const auto* query = std::get_if<WhatsAt>(&*command);
    REQUIRE(query != nullptr);
    CHECK(query->client == "kiwi.cs.ucla.edu");
    CHECK(query->radius_mm == radius_mm);
    CHECK(query->bound == bound);
}

void check_malformed(std::string_view line, Malformed reason) {
    CAPTURE(line);
    const auto command = parse_command(line);
    REQUIRE_FALSE(command);
    CHECK(to_text(command.error()) == to_text(reason));
}

TEST_CASE("command: the conformance cases that are commands are read", "[protocol][command]") {
    for (const auto line : valid_lines) {
        CAPTURE(line);
        CHECK(parse_command(line));
    }
}

TEST_CASE("command: the conformance cases that are none are refused", "[protocol][command]") {
    for (const auto line : invalid_lines) {
        CAPTURE(line);
        CHECK_FALSE(parse_command(line));
    }
}

TEST_CASE("command: an IAMAT keeps its texts and reads its time", "[protocol][command]") {
    const std::string line = "IAMAT kiwi.cs.ucla.edu +34.068930-118.445127 1520023934.918963997";
    const auto command = parse_command(line);
    REQUIRE(command);
    const auto* report = std::get_if<IamAt>(&*command);
    REQUIRE(report != nullptr);
    CHECK(report->client == "kiwi.cs.ucla.edu");
    CHECK(report->location == "+34.068930-118.445127");
    CHECK(report->time_text == "1520023934.918963997");
    CHECK(report->time.nanoseconds == 1520023934918963997);
    CHECK(report->client.data() == line.data() + 6);
}

TEST_CASE("command: an AUTH has a pattern and a token", "[protocol][command]") {
    const std::string line = "AUTH bus-* AQMAAAAAax7g";
    const auto command = parse_command(line);
    REQUIRE(command);
    const auto* auth = std::get_if<Auth>(&*command);
    REQUIRE(auth != nullptr);
    CHECK(auth->pattern == "bus-*");
    CHECK(auth->token == "AQMAAAAAax7g");
    CHECK(client_of(*command).empty());
    CHECK(parse_command("\tAUTH  * x \r"));
    std::array<char, 80> out{};
    const AuthAnswer answer{"Goloman", "bus-*", "report,ask", 1'800'000'000};
    REQUIRE(auth_answer_size(answer) <= out.size());
    CHECK(format(out, answer) == "AUTH Goloman bus-* report,ask 1800000000");
    const AuthAnswer longest{"", "", "", INT64_MAX};
    CHECK(format(std::span(out).first(auth_answer_size(longest)), longest) ==
          "AUTH    9223372036854775807");
}

TEST_CASE("command: white space around and between fields changes nothing", "[protocol][command]") {
    for (const char space : " \t\r\n\f\v"sv) {
        const std::string one(1, space);
        for (const std::string& gap : {one, one + one, " " + one, one + "\t"}) {
            const std::string line = gap + "WHATSAT" + gap + "a" + gap + "10" + gap + "5" + gap;
            const auto command = parse_command(line);
            REQUIRE(command);
            CHECK(std::get<WhatsAt>(*command).client == "a");
            CHECK(std::get<WhatsAt>(*command).radius_mm == 10'000'000);
        }
    }
    CHECK(parse_command("IAMAT a +1+1 1\r"));
}

TEST_CASE("command: a client is any string without white space", "[protocol][command]") {
    for (const std::string& client : {"z"s,
                                      std::string(5000, 'z'),
                                      "IAMAT"s,
                                      "?"s,
                                      "\xff\xfe"s,
                                      "a\0b"s,
                                      "\u00a0"s,
                                      "+34-118"s,
                                      "\x1f"s,
                                      "\"'\\$(x)"s}) {
        const auto report = parse_command("IAMAT " + client + " +34-118 1");
        REQUIRE(report);
        const std::string line = "WHATSAT " + client + " 1 1";
        const auto query = parse_command(line);
        REQUIRE(query);
        CHECK(std::get<WhatsAt>(*query).client == client);
    }
}

TEST_CASE("command: names are upper case, whole, and no others", "[protocol][command]") {
    for (const std::string_view line :
         {""sv,
          " "sv,
          "\r"sv,
          "iamat a +1+1 1"sv,
          "Iamat a +1+1 1"sv,
          "IAMATX a +1+1 1"sv,
          "IAMA a +1+1 1"sv,
          "whatsat a 1 1"sv,
          "WHATSA a 1 1"sv,
          "WHATSAT\0 a 1 1"sv,
          "AT Goloman +0.263873386 kiwi +34.068930-118.445127 1520023934.918963997"sv,
          "HELLO 1 Hands 0000000000000001 1 1"sv,
          "PING 1"sv,
          "\xc2\xa0IAMAT a +1+1 1"sv,
          "\xef\xbb\xbfIAMAT a +1+1 1"sv}) {
        check_malformed(line, Malformed::unknown_command);
    }
}

TEST_CASE("command: one operand more or less is one wrong", "[protocol][command]") {
    for (const std::string_view line : {"IAMAT"sv,
                                        "IAMAT a"sv,
                                        "IAMAT a +1+1"sv,
                                        "IAMAT a +1+1 1 2"sv,
                                        "IAMAT a +1-1 1 1"sv,
                                        "IAMAT Clark +12-118 160000 123"sv,
                                        "WHATSAT"sv,
                                        "WHATSAT a"sv,
                                        "WHATSAT a 1"sv,
                                        "WHATSAT a 1 1 1"sv,
                                        "WHATSAT a 1 1 x"sv,
                                        "AUTH"sv,
                                        "AUTH a"sv,
                                        "AUTH a b c"sv}) {
        check_malformed(line, Malformed::operand_count);
    }
}

TEST_CASE("command: the reason names the first operand that is wrong", "[protocol][command]") {
    check_malformed("IAMAT a 34-118 nan", Malformed::location);
    check_malformed("IAMAT a +91-118 1", Malformed::location);
    check_malformed("IAMAT a +34-118 nan", Malformed::time);
    check_malformed("IAMAT a +34-118 1.1234567891", Malformed::time);
    check_malformed("WHATSAT a x x", Malformed::radius);
    check_malformed("WHATSAT a 1 x", Malformed::bound);
}

TEST_CASE("command: a radius is kilometres cut to millimetres", "[protocol][command]") {
    check_whats_at("10 5", 10'000'000, 5);
    check_whats_at("10.5871263 5", 10'587'126, 5);
    check_whats_at("0 5", 0, 5);
    check_whats_at("0.0 5", 0, 5);
    check_whats_at("0.0000019 5", 1, 5);
    check_whats_at("0.0000009 5", 0, 5);
    check_whats_at("0.1 5", 100'000, 5);
    check_whats_at("1.23456789 5", 1'234'567, 5);
    check_whats_at("007 5", 7'000'000, 5);
    check_whats_at("49.999999999999999999999999 5", 49'999'999, 5);
}

TEST_CASE("command: fifty kilometres are the limit, exactly", "[protocol][command]") {
    check_whats_at("50 20", 50'000'000, 20);
    check_whats_at("50.0 1", 50'000'000, 1);
    check_whats_at("50.000000000000000000000 1", 50'000'000, 1);
    check_whats_at(std::string(300, '0') + "50." + std::string(300, '0') + " 1", 50'000'000, 1);
    for (const std::string& radius : {"50.0000001"s,
                                      "50.000001"s,
                                      "50.1"s,
                                      "51"s,
                                      "100"s,
                                      "4294967346"s,
                                      "18446744073709551666"s,
                                      "50." + std::string(300, '0') + "1"}) {
        check_malformed("WHATSAT a " + radius + " 5", Malformed::radius);
    }
}

TEST_CASE("command: a radius is digits and perhaps decimals", "[protocol][command]") {
    for (const std::string_view radius : {"+1"sv,
                                          "-1"sv,
                                          "-0"sv,
                                          ".5"sv,
                                          "5."sv,
                                          "."sv,
                                          "1.2.3"sv,
                                          "1e1"sv,
                                          "1,5"sv,
                                          "inf"sv,
                                          "nan"sv,
                                          "0x1"sv,
                                          "1_0"sv,
                                          "1km"sv,
                                          "\u0661"sv,
                                          "1.x"sv,
                                          "1\0"sv,
                                          "1.5\0"sv}) {
        check_malformed("WHATSAT a " + std::string(radius) + " 5", Malformed::radius);
    }
}

TEST_CASE("command: a bound is a whole number up to twenty", "[protocol][command]") {
    for (std::uint32_t bound = 0; bound <= 20; ++bound) {
        check_whats_at("1 " + std::to_string(bound), 1'000'000, bound);
        check_whats_at("1 000000000000000000000000" + std::to_string(bound), 1'000'000, bound);
    }
    for (const std::string_view bound : {"21"sv,
                                         "100"sv,
                                         "4294967296"sv,
                                         "4294967301"sv,
                                         "18446744073709551616"sv,
                                         "-1"sv,
                                         "-0"sv,
                                         "+5"sv,
                                         "5.0"sv,
                                         "5."sv,
                                         "1e1"sv,
                                         "l"sv,
                                         "nan"sv,
                                         "0x5"sv,
                                         "5\0"sv,
                                         "\u0665"sv}) {
        check_malformed("WHATSAT a 1 " + std::string(bound), Malformed::bound);
    }
}

TEST_CASE("command: SYNC stands alone", "[protocol][command]") {
    for (const auto line : {"SYNC"sv, " SYNC\t"sv}) {
        const auto command = parse_command(line);
        REQUIRE(command.has_value());
        CHECK(std::holds_alternative<Sync>(*command));
    }
    check_malformed("SYNC Hands", Malformed::operand_count);
    check_malformed("SYNCH", Malformed::unknown_command);
    check_malformed("sync", Malformed::unknown_command);
}

TEST_CASE("command: its answer to SYNC", "[protocol][command]") {
    std::array<char, sync_answer_size_max> out{};
    CHECK(format(out, SyncAnswer{"Hands", 2, 3}) == "SYNC Hands 2 3");
    const std::string name(64, 'n');
    const SyncAnswer longest{name, UINT32_MAX, UINT32_MAX};
    CHECK(format(out, longest) == "SYNC " + name + " 4294967295 4294967295");
}

TEST_CASE("command: of all beginnings of a command only those that end in its last operand are one",
          "[protocol][command]") {
    const std::string line = "WHATSAT kiwi 10 15";
    for (std::size_t i = 0; i < line.size(); ++i) {
        CAPTURE(i);
        CHECK(parse_command(line.substr(0, i)).has_value() == (i == line.size() - 1));
    }
}

TEST_CASE("command: white space put in at any index splits a field or changes nothing",
          "[protocol][command]") {
    const std::string line = "IAMAT kiwi +34.06-118.44 1520023934.918963997";
    for (std::size_t i = 0; i <= line.size(); ++i) {
        for (const char space : " \t\r\n\f\v"sv) {
            std::string other = line;
            other.insert(i, 1, space);
            const bool at_edge = i == 0 || i == line.size() || line[i] == ' ' || line[i - 1] == ' ';
            CAPTURE(i);
            CHECK(parse_command(other).has_value() == at_edge);
        }
    }
}

}  // namespace
}  // namespace protocol

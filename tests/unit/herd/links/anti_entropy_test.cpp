#include "herd/links/anti_entropy.hpp"

#include "protocol/peer_message.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace anti_entropy_test {

using herd::links::AntiEntropy;
using herd::table::LocationTable;
using namespace std::chrono_literals;

namespace {

std::string line_for(int client) {
    return "AT A +1.000000000 c" + std::to_string(client) + " +34.0-118.0 1600000000";
}

void fill(LocationTable& table, int clients) {
    REQUIRE(table.open({1000, 1, 256}, herd::table::ClientHash(1, 2)));
    for (int i = 0; i < clients; ++i) {
        const std::string line = line_for(i);
        const auto message = protocol::parse_peer_message(line);
        REQUIRE(table.relay(std::get<protocol::AtLine>(*message), 0) ==
                herd::table::Stored::stored);
    }
}

// What a second's turn says, through a buffer of that size.
std::vector<std::string> second(AntiEntropy& anti_entropy, std::size_t size) {
    std::vector<std::string> lines;
    std::vector<char> buffer(size);
    anti_entropy.tick(1ms);
    while (anti_entropy.due()) {
        std::string_view text(buffer.data(), anti_entropy.fill(buffer));
        REQUIRE_FALSE(text.empty());
        for (std::size_t end = 0; (end = text.find('\n')) != std::string_view::npos;) {
            lines.emplace_back(text.substr(0, end));
            text.remove_prefix(end + 1);
        }
        REQUIRE(text.empty());
    }
    return lines;
}

// Until the link bears a full share.
void warm_up(AntiEntropy& anti_entropy) {
    for (int i = 0; i < 10; ++i) second(anti_entropy, 70'000);
}

}  // namespace

TEST_CASE("anti-entropy: every bucket is said once a round, as the table has it",
          "[herd][anti-entropy]") {
    LocationTable table;
    fill(table, 100);
    AntiEntropy anti_entropy(table);
    warm_up(anti_entropy);
    std::map<std::uint32_t, int> said;
    for (std::uint32_t i = 0; i < AntiEntropy::digest_round_s; ++i) {
        for (const std::string& line : second(anti_entropy, 600)) {
            const auto message = protocol::parse_peer_message(line);
            REQUIRE(message);
            const auto* const part = std::get_if<protocol::DigestPart>(&*message);
            if (part == nullptr) continue;
            for (std::uint32_t k = 0; k < part->hashes.size(); ++k) {
                ++said[part->first + k];
                CHECK(part->hashes[k] == table.digest().bucket(part->first + k));
            }
        }
    }
    CHECK(said.size() == herd::table::Digest::bucket_count);
}

TEST_CASE("anti-entropy: every record is said once a round", "[herd][anti-entropy]") {
    LocationTable table;
    fill(table, 700);
    AntiEntropy anti_entropy(table);
    warm_up(anti_entropy);
    std::map<std::string, int> said;
    for (std::uint32_t i = 0; i < AntiEntropy::refresh_round_s; ++i) {
        for (const std::string& line : second(anti_entropy, 70'000)) {
            if (line.starts_with("AT ")) ++said[line];
        }
    }
    CHECK(said.size() == 700);
    for (int i = 0; i < 700; ++i) CHECK(said[line_for(i)] >= 1);
}

TEST_CASE("anti-entropy: what was not said in its second does not pile up",
          "[herd][anti-entropy]") {
    LocationTable table;
    fill(table, 10);
    AntiEntropy anti_entropy(table);
    for (int i = 0; i < 100; ++i) anti_entropy.tick(1ms);
    std::vector<char> buffer(1'000'000);
    CHECK(anti_entropy.fill(buffer) < 20'000);
    CHECK_FALSE(anti_entropy.due());
}

TEST_CASE("anti-entropy: an empty table has a digest and no records", "[herd][anti-entropy]") {
    LocationTable table;
    fill(table, 0);
    AntiEntropy anti_entropy(table);
    for (const std::string& line : second(anti_entropy, 600)) CHECK(line.starts_with("DIG "));
}

TEST_CASE("anti-entropy: a link that is held up by it gets less, one that is not gets more",
          "[herd][anti-entropy]") {
    LocationTable table;
    fill(table, 900);
    AntiEntropy anti_entropy(table);
    const auto said = [&](std::optional<reactor::Duration> round_trip) {
        std::vector<char> buffer(70'000);
        anti_entropy.tick(round_trip);
        return anti_entropy.fill(buffer);
    };
    constexpr std::size_t line = 160;
    CHECK(said(40ms) <= 2 * AntiEntropy::share_min + line);
    std::size_t most = 0;
    for (int i = 0; i < 10; ++i) most = said(45ms);
    CHECK(most > 2000);
    for (int i = 0; i < 20; ++i) most = said(200ms);
    CHECK(most <= AntiEntropy::share_min + line);
    CHECK(said(std::nullopt) == 0);
    CHECK(said(40ms) <= 2 * AntiEntropy::share_min + line);
}

}  // namespace anti_entropy_test

// How much servers say to each other, counted on the wire: when nobody reports, and for one report.
#include "tests/unit/herd/small_world.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <map>
#include <sstream>
#include <string>

namespace message_count_test {

using namespace herd::small_world;

namespace {

constexpr std::size_t server_count = 5;
constexpr std::size_t links = 6;
constexpr std::uint32_t clients = 90;

herd::config::Config five() {
    herd::config::Config config = herd::config::Config::built_in();
    config.limits = herd_of_two().limits;
    return config;
}

// The five servers of the exercise, with clients that have reported; at rest.
class Five : public World {
public:
    using Counts = std::map<std::string, std::uint64_t>;

    Five() : World(five(), server_count), client_(connect(12001)) {
        for (std::uint32_t i = 0; i < clients; ++i) report("c" + std::to_string(i));
        run(60s);
    }

    void report(const std::string& client) {
        say(client_, "IAMAT " + client + " +34.0-118.0 " + std::to_string(++stamp_) + "\n");
    }
    // What every server says to each neighbour in this time: lines by their first word, and with
    // `client` its AT lines as that name.
    std::map<std::pair<sim::Host, sim::Host>, Counts> count(reactor::Duration time,
                                                            const std::string& client = "-",
                                                            int reports = 1) {
        sim::FakeKernel::Said said;
        kernel.said = &said;
        for (int i = 0; client != "-" && i < reports; ++i) report(client);
        run(time);
        kernel.said = nullptr;
        std::map<std::pair<sim::Host, sim::Host>, Counts> counts;
        for (const auto& [way, text] : said) {
            if (way.first == visitors || way.second == visitors) continue;
            std::istringstream lines(text);
            for (std::string line; std::getline(lines, line);) {
                const bool wanted = line.find(" " + client + " ") != std::string::npos;
                ++counts[way][wanted ? client : line.substr(0, line.find(' '))];
            }
        }
        REQUIRE(counts.size() == 2 * links);
        return counts;
    }

private:
    int client_;
    std::int64_t stamp_ = 1'600'000'000;
};

}  // namespace

TEST_CASE("message count: a quiet herd says PINGs, digests and its repeated records, no more",
          "[herd][count]") {
    constexpr std::uint64_t seconds = 60;
    Five herd;
    for (auto& [way, counts] : herd.count(1min)) {
        INFO("from " << way.first << " to " << way.second);
        CHECK(counts["PING"] >= seconds - 1);
        CHECK(counts["PING"] <= seconds + 1);
        CHECK(counts["PONG"] <= seconds + 1);
        CHECK(counts["ACK"] <= seconds + 1);
        constexpr std::uint64_t digest_lines = herd::table::Digest::bucket_count / 8;
        CHECK(counts["DIG"] <=
              digest_lines * (seconds + 1) / herd::links::AntiEntropy::digest_round_s + 1);
        CHECK(counts["AT"] <=
              clients * (seconds + 1) / herd::links::AntiEntropy::refresh_round_s + 1);
        for (const char* word : {"PING", "PONG", "ACK", "DIG", "AT"}) counts.erase(word);
        CHECK(counts.empty());
    }
}

TEST_CASE("message count: a report passes each link once a way at most, and not where it came from",
          "[herd][count]") {
    Five herd;
    for (const std::string client : {"c7", "somebody-new", "c7"}) {
        std::uint64_t sum = 0;
        for (auto& [way, counts] : herd.count(500ms, client)) {
            INFO("from " << way.first << " to " << way.second);
            CHECK(counts[client] <= 1);
            CHECK(counts["SEQ"] <= 1);
            // One for the SEQ, and one for the second.
            CHECK(counts["ACK"] <= 2);
            CHECK(counts["SWP"] == 0);
            sum += counts[client];
        }
        CHECK(sum == 2 * links - (server_count - 1));
        herd.run(1s);
    }
}

TEST_CASE("message count: many reports of one client are few marks and acknowledgements",
          "[herd][count]") {
    constexpr int reports = 200;  // in 20 ms
    Five herd;
    for (auto& [way, counts] : herd.count(1s, "c7", reports)) {
        INFO("from " << way.first << " to " << way.second);
        CHECK(counts["c7"] <= reports);
        // One every 50 ms; and as many answers, beside those of the seconds.
        CHECK(counts["SEQ"] <= 3);
        CHECK(counts["ACK"] <= 3 + 2);
    }
}

}  // namespace message_count_test

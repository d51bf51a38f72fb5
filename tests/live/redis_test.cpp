// NEARBY against the GEOSEARCH of a Redis that has the same positions.
#include "tests/live/herd_process.hpp"
#include "tests/live/ports.hpp"
#include "tests/live/skip.hpp"
#include "tests/sim/random.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace redis_test {

using namespace live;

namespace {

// Redis' earth has another radius than ours.
constexpr double scale = 6'372'797.560856 / 6'371'008.8;
// It keeps a position in 52 bits, and so to within half a metre or so.
constexpr double coarse_m = 1;

// By client, in metres of our earth.
using Distances = std::map<std::string, double>;

bool is_installed(const std::string& program) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment.
    const char* const path = std::getenv("PATH");
    std::istringstream folders(path == nullptr ? "" : path);
    for (std::string folder; std::getline(folders, folder, ':');) {
        if (std::filesystem::exists(std::filesystem::path(folder) / program)) return true;
    }
    return false;
}

class Redis {
public:
    Redis()
        : port_(take_ports(1).front()),
          process_({"redis-server",
                    "--bind",
                    "127.0.0.1",
                    "--port",
                    std::to_string(port_),
                    "--save",
                    "",
                    "--dir",
                    folder_.path()}) {
        REQUIRE(eventually([this] { return accepts(port_); }));
        client_ = std::make_unique<Client>(port_);
    }

    void put(const std::string& commands, int count) {
        client_->send(commands);
        for (int i = 0; i < count; ++i) REQUIRE(client_->read_line() == ":1\r\n");
    }
    Distances search(const std::string& client, double radius_m) {
        std::array<char, 40> radius{};
        std::snprintf(radius.data(), radius.size(), "%.6f", radius_m * scale);
        client_->send("GEOSEARCH fleet FROMMEMBER " + client + " BYRADIUS " + radius.data() +
                      " m ASC WITHDIST\r\n");
        Distances found;
        for (long left = number('*'); left > 0; --left) {
            REQUIRE(number('*') == 2);
            const std::string name = bulk();
            found[name] = std::stod(bulk()) / scale;
        }
        return found;
    }

private:
    long number(char kind) {
        const std::string line = client_->read_line();
        REQUIRE(line.front() == kind);
        return std::stol(line.substr(1));
    }
    std::string bulk() {
        const long size = number('$');
        return client_->read_line().substr(0, static_cast<std::size_t>(size));
    }

    TemporaryFolder folder_;
    std::uint16_t port_;
    Process process_;
    std::unique_ptr<Client> client_;
};

Distances search(Client& server, const std::string& client, double radius_m) {
    std::array<char, 40> radius{};
    std::snprintf(radius.data(), radius.size(), "%.6f", radius_m / 1000);
    std::istringstream answer(server.ask_block("NEARBY " + client + " " + radius.data() + " 1000"));
    Distances found;
    std::string word;
    std::size_t count = 0;
    answer >> word >> word >> count;
    for (double metres = 0; answer >> word >> metres;) {
        std::string name;
        answer >> word >> word >> word >> name >> word >> word;
        found[name] = metres;
    }
    REQUIRE(found.size() == count);
    REQUIRE(count < 1000);
    return found;
}

// Whoever is surely in one's is in the other's, and as far.
void compare(const Distances& found, const Distances& others, double radius_m) {
    for (const auto& [name, metres] : found) {
        if (metres > radius_m - coarse_m) continue;
        CAPTURE(name);
        REQUIRE(others.contains(name));
        REQUIRE(std::abs(others.at(name) - metres) < coarse_m);
    }
}

std::string argument(const std::string& text) {
    return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

}  // namespace

TEST_CASE("redis: NEARBY finds whom GEOSEARCH finds, but for what the two earths differ (W3)",
          "[live][redis]") {
    if (!is_installed("redis-server"))
        return skip("there is no redis-server (Debian: redis-server)");
    constexpr int clients = 20'000;
    constexpr int cities = 40;
    const Herd herd({.names = {"Alpha"}, .links = {}});
    Redis redis;
    Client alpha(herd.port("Alpha"));
    sim::Random random(7);
    const auto within = [&](double most) {
        return most * (static_cast<double>(random.below(2'000'001)) / 1e6 - 1);
    };
    std::vector<std::pair<double, double>> middles;
    for (int i = 0; i < cities; ++i) middles.emplace_back(within(80), within(180));
    // Redis ends at 85.05 degrees.
    middles.front() = {0, 180};
    std::string reports;
    std::string puts;
    for (int i = 0; i < clients; ++i) {
        const auto& middle = middles[random.below(cities)];
        const double latitude = middle.first + within(0.2);
        const double longitude = std::remainder(middle.second + within(0.2), 360);
        std::array<char, 40> north{};
        std::array<char, 40> east{};
        std::snprintf(north.data(), north.size(), "%+.7f", latitude);
        std::snprintf(east.data(), east.size(), "%+.7f", longitude);
        const std::string name = "c" + std::to_string(i);
        reports += "IAMAT " + name + " " + north.data() + east.data() + " 1600000000\n";
        puts += "*5\r\n" + argument("GEOADD") + argument("fleet") + argument(east.data()) +
                argument(north.data()) + argument(name);
    }
    redis.put(puts, clients);
    alpha.send(reports);
    for (int i = 0; i < clients; ++i) REQUIRE(alpha.read_line().starts_with("AT Alpha "));
    std::size_t members = 0;
    for (int i = 0; i < 300; ++i) {
        const std::string client = "c" + std::to_string(random.below(clients));
        const double radius_m = std::pow(10, static_cast<double>(random.below(4600)) / 1000);
        CAPTURE(client, radius_m);
        const Distances ours = search(alpha, client, radius_m);
        const Distances theirs = redis.search(client, radius_m);
        compare(ours, theirs, radius_m);
        compare(theirs, ours, radius_m);
        members += ours.size();
    }
    CHECK(members > 5'000);
    std::printf("figure: NEARBY and GEOSEARCH agree about %zu members of 300 circles\n", members);
}

}  // namespace redis_test

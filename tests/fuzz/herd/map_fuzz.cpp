// Pages of the live map, on the fake kernel: they ask what they like, look on, search, read when
// they like and go when they like, while clients move and are forgotten. The server must not crash,
// what holds between calls must hold, and in the end all that they held is given back.
#include "herd/clients/clients.hpp"
#include "herd/http/server.hpp"
#include "herd/intake/intake.hpp"
#include "herd/map/service.hpp"
#include "herd/web/gate.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/must.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/fake_places.hpp"
#include "tests/sim/no_links.hpp"
#include "tests/sim/run_host.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace map_fuzz {

namespace {

using namespace herd;
using fuzz::Input;
using namespace std::chrono_literals;

constexpr sim::Host server_host = 1;
constexpr sim::Host guest_host = 2;
constexpr std::uint16_t clients_port = 1000;
constexpr std::uint16_t http_port = 1200;

using fuzz::must;

constexpr const char* queries[] = {"",
                                   "?box=0,0,2,2",
                                   "?box=-90,170,90,-170&page=1",
                                   "?page=1&follow=c",
                                   "?page=2&box=1,1,1,1&follow=d",
                                   "?last=1-1-0&page=1",
                                   "?last=1-ffff-0",
                                   "?box=nan,0,0,0"};
constexpr const char* places[] = {"+1+1", "+1.5-1", "+90+0", "-90+180", "+5-179.99", "+0+0"};

class House {
public:
    House() {
        kernel_.delay_min_ns = kernel_.delay_max_ns = 1000;
        kernel_.buffer_size = 1500;
        kernel_.enter(server_host);
        must(loop_.open({.watches = 32, .timers = 80}).has_value());
        must(wire_.open({.send_size = 262'144, .blocks = 256, .blocks_reserved = 1}).has_value());
        must(table_.open({64, 4, limits_.line_max + 192}, table::ClientHash(1, 2)).has_value());
        must(clients_.map().has_value());
        must(clients_.listen(server_).has_value());
        must(http_.map().has_value());
        must(map_.open().has_value());
        must(gate_.open({}, server_).has_value());
        must(http_.listen(reactor::Address::loopback(http_port)).has_value());
        wire_.send_first(reactor::Delegate<void()>::to<&House::flood>(*this));
        reporter_ = connect(clients_port);
        for (int& page : pages_) page = connect(http_port);
    }

    void play(Input input) {
        while (!input.empty()) {
            act(input);
            check();
        }
        kernel_.enter(guest_host);
        kernel_.close(reporter_);
        for (const int page : pages_) kernel_.close(page);
        // That one is gone shows when it is told something, or is waited for.
        for (int i = 0; i < 100 && (clients_.size() > 0 || http_.size() > 0); ++i) tick();
        must(clients_.size() == 0);
        must(http_.size() == 0);
        must(map_.viewers() == 0);
        must(wire_.blocks().in_use() == 0);
        check();
    }

private:
    int connect(std::uint16_t port) {
        kernel_.enter(guest_host);
        const int fd = *kernel_.open_socket();
        static_cast<void>(kernel_.connect(fd, reactor::Address::loopback(port)));
        run(1ms);
        return fd;
    }
    void flood() { clients_.push(); }
    void check() const {
        clients_.check();
        http_.check();
        map_.check();
    }
    void tick() {
        run(1s);
        clients_.tick();
        watch::Status status;
        status.server = "S";
        map_.tick(status, true);
        http_.tick();
        run(1ms);
    }

    void act(Input& input) {
        const unsigned what = input.byte();
        const unsigned more = what >> 4;
        int& page = pages_[more % pages_.size()];
        switch (what & 15) {
            case 0:
                return run(20ms * more);
            case 1:
                return tick();
            case 2:
            case 3:
                return hear(page, std::size_t{128} * input.byte());
            case 4:
                return say(page, std::string(input.take(input.byte())));
            case 5:
                return ask(page, "/map/events" + std::string(input.take(std::size_t{4} * more)));
            case 6:
            case 7:
                return ask(page, std::string("/map/events") + queries[input.byte() % 8]);
            case 8:
                return ask(page, "/map/find?part=" + std::string(input.take(1 + more % 3)));
            case 9:
                return ask(page, "/map/client?slot=" + std::to_string(input.byte() % 70));
            case 10:
                kernel_.enter(guest_host);
                kernel_.close(page);
                page = connect(http_port);
                return;
            case 11:
                // As what has expired.
                if (!table_.used(more)) return;
                table_.remove(more);
                ++counters_.records_expired;
                return;
            default:
                say(reporter_,
                    "IAMAT " + std::string(1, static_cast<char>('a' + more)) + " " +
                        places[input.byte() % std::size(places)] + " " + std::to_string(++stamp_) +
                        "\n");
                return hear(reporter_, 4096);
        }
    }
    void ask(int fd, const std::string& target) {
        say(fd, "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    void say(int fd, const std::string& bytes) {
        kernel_.enter(guest_host);
        if (!bytes.empty()) static_cast<void>(kernel_.send(fd, bytes));
        run(10us);
    }
    void hear(int fd, std::size_t most) {
        kernel_.enter(guest_host);
        std::string buffer(most + 1, '\0');
        static_cast<void>(kernel_.receive(fd, buffer));
        run(10us);
    }
    void run(reactor::Duration duration) {
        sim::run_host(kernel_, server_host, loop_, duration);
        kernel_.enter(server_host);
        loop_.run_once();
    }

    sim::FakeKernel kernel_{1};
    config::Limits limits_{.connections = 4,
                           .http_connections = 6,
                           .map_viewers = 3,
                           .line_max = 400,
                           .idle_ms = 5'000,
                           .subscriptions = 12,
                           .subscriptions_per_client = 8};
    config::Server server_{"S", reactor::Address::loopback(clients_port), {}, {}};
    reactor::Loop loop_;
    sim::FakePlaces places_{loop_};
    reactor::Wire wire_{loop_};
    table::LocationTable table_;
    Log log_{loop_};
    watch::Counters counters_;
    static constexpr std::int64_t max_future_ms = 0;  // off
    Core core_{loop_, wire_, table_, log_, counters_, limits_, "S", 1, max_future_ms, 0};
    sim::NoLinks links_;
    links::Barrier barrier_{core_, links_};
    intake::Intake intake_{core_, nullptr};
    clients::Clients clients_{core_, places_, barrier_, intake_};
    web::Gate gate_{core_};
    map::Service map_{core_, gate_, {&server_, 1}};
    std::array<http::Route, 2> routes_{{{"/map", &map_}, {"/map/*", &map_}}};
    http::Server http_{wire_, routes_, {.connections = limits_.http_connections}};
    int reporter_ = -1;
    std::array<int, 4> pages_{};
    int stamp_ = 1'000;
};

}  // namespace

void one_input(const std::uint8_t* data, std::size_t size) {
    House house;
    house.play(Input({reinterpret_cast<const char*>(data), size}));
}

}  // namespace map_fuzz

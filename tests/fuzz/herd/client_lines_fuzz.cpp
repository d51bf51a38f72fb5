// What a client may send, in whatever pieces, into a Session on the fake kernel: it must not
// crash, must not hold more memory than it may, and only valid reports may change the table; with
// access limited, none before a good token.
#include "herd/access/token.hpp"
#include "herd/clients/admissions.hpp"
#include "herd/clients/session.hpp"
#include "protocol/peer_message.hpp"
#include "reactor/lines.hpp"
#include "reactor/listener.hpp"
#include "reactor/slab.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/must.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/fake_places.hpp"
#include "tests/sim/no_links.hpp"
#include "tests/sim/run_host.hpp"

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <tuple>

namespace client_lines_fuzz {

namespace {

using fuzz::Input;
using fuzz::must;
using herd::clients::Session;
using namespace std::chrono_literals;

constexpr sim::Host server = 1;
constexpr sim::Host client = 2;

constexpr const char* secret = "0123456789abcdef0123456789abcdef";

class House {
public:
    explicit House(bool guarded) {
        kernel_.delay_min_ns = kernel_.delay_max_ns = 1000;
        kernel_.buffer_size = 2000;
        kernel_.enter(server);
        const reactor::Wire::Limits memory{
            .send_size = 16'384, .blocks = blocks_max, .blocks_reserved = 1};
        must(loop_.open({.watches = 16, .timers = 80}).has_value());
        must(wire_.open(memory).has_value());
        must(table_.open({512, 4, limits_.line_max + 192}, herd::table::ClientHash(1, 2))
                 .has_value());
        must(sessions_.map(2).has_value());
        must(host_.questions.map(2).has_value());
        must(searches_.map().has_value());
        host_.searches = &searches_;
        if (guarded) guard();

        must(static_cast<bool>(
            listener_.listen(reactor::Address::loopback(1000), reactor::SocketProfile::client)));
        kernel_.enter(client);
        fd_ = *kernel_.open_socket();
        static_cast<void>(kernel_.connect(fd_, reactor::Address::loopback(1000)));
        run(1ms);
        must(kernel_.take_error(fd_).has_value());
        run(1ms);
        must(session_ != nullptr);
    }

    void play(Input input) {
        while (!input.empty()) {
            const std::uint8_t what = input.byte();
            switch (what & 7) {
                case 0:
                    run(what * 1ms / 16);
                    break;
                case 1:
                    hear(std::size_t{what} * 4);
                    break;
                case 2:
                    if (what == 2) end();
                    break;
                case 3:
                    if (what == 3 && session_ != nullptr) session_->drain();
                    if (what == 11) say(auth());
                    if (what == 19) say("NEARBY +34.068930-118.445127 50 1000\n");
                    break;
                case 4:
                    say(input.take(std::size_t{input.byte()} * 16));
                    break;
                default:
                    say(input.take(what >> 3U));
            }
            check();
        }
        // In the end nobody is left, and nothing of what they had.
        end();
        for (int i = 0; i < 200 && session_ != nullptr; ++i) {
            hear(4096);
            run(1s);
            if (session_ != nullptr) session_->tick();
        }
        run(1ms);
        must(session_ == nullptr);
        must(wire_.blocks().in_use() == 0);
        check();
    }

private:
    static constexpr std::uint32_t blocks_max = 64;
    using Report = std::tuple<std::string, std::string, std::string>;

    void guard() {
        kernel_.disk.put("secret", secret);
        must(admissions_.open({.secret_file = "secret"}).has_value());
        host_.admissions = &admissions_;
    }
    // A good one.
    static std::string auth() {
        const auto signer = herd::access::Secret::parse(secret);
        const herd::access::Grant grant{.pattern = *herd::access::Pattern::parse("*"),
                                        .rights = {.report = true, .ask = true}};
        must(static_cast<bool>(signer));
        return "AUTH * " + *herd::access::mint(*signer, grant) + "\n";
    }
    std::uint32_t slot_of(const Session& session) const { return sessions_.index(session); }

    void on_accepted(reactor::Socket socket) {
        session_ = sessions_.emplace(host_);
        must(session_->open(std::move(socket)).has_value());
    }
    void on_ended(Session& session) {
        sessions_.release(session);
        session_ = nullptr;
    }

    void say(std::string_view bytes) {
        kernel_.enter(client);
        if (ended_ || bytes.empty()) return;
        const auto sent = kernel_.send(fd_, bytes);
        said_.append(bytes.substr(0, sent.value_or(0)));
        run(10us);
    }
    void hear(std::size_t most) {
        kernel_.enter(client);
        std::string buffer(most + 1, '\0');
        static_cast<void>(kernel_.receive(fd_, buffer));
        run(10us);
    }
    void end() {
        kernel_.enter(client);
        if (!std::exchange(ended_, true)) kernel_.shutdown_write(fd_);
        run(10us);
    }
    void run(reactor::Duration duration) {
        sim::run_host(kernel_, server, loop_, duration);
        kernel_.enter(server);
        loop_.run_once();
    }

    // Whatever stands in the table was said in a line of its own.
    void check() {
        const auto changes = table_.feed().seq();
        if (session_ != nullptr) session_->check();
        if (host_.admissions != nullptr) admissions_.check();
        searches_.check();
        if (changes == checked_) return;
        checked_ = changes;
        std::set<Report> reports;
        std::uint64_t count = 0;
        const auto read = [&](std::string_view line) {
            const auto command = protocol::parse_command(line);
            const auto* iamat = command ? std::get_if<protocol::IamAt>(&*command) : nullptr;
            if (iamat == nullptr) return;
            reports.emplace(iamat->client, iamat->location, iamat->time_text);
            ++count;
        };
        reactor::Lines lines(said_);
        while (const auto line = lines.take()) read(*line);
        read(reactor::Lines::trim(lines.rest()));
        must(changes <= count);
        must(changes == 0 || host_.admissions == nullptr || counters_.auth > 0);
        for (std::uint32_t slot = 0; slot < table_.size(); ++slot) {
            const herd::table::Record& record = table_.at(slot);
            must(reports.contains({std::string(table_.client(record)),
                                   std::string(table_.location(record)),
                                   std::string(table_.version(record).time_text)}));
            must(protocol::parse_peer_message(table_.line(record)).has_value());
        }
    }

    sim::FakeKernel kernel_{1};
    herd::config::Limits limits_{
        .line_max = 400, .first_line_ms = 60'000, .searches = 2, .visits_per_turn = 8};
    reactor::Loop loop_;
    sim::FakePlaces places_{loop_};
    reactor::Wire wire_{loop_};
    herd::table::LocationTable table_;
    herd::Log log_{loop_};
    herd::watch::Counters counters_;
    static constexpr std::int64_t max_future_ms = 0;  // off
    herd::Core core_{
        loop_, wire_, table_, log_, counters_, limits_, "Goloman", 1, max_future_ms, 0};
    sim::NoLinks links_;
    herd::links::Barrier barrier_{core_, links_};
    herd::intake::Intake intake_{core_, nullptr};
    herd::clients::Host host_{core_,
                              places_,
                              barrier_,
                              intake_,
                              reactor::Delegate<void(Session&)>::to<&House::on_ended>(*this)};
    herd::near::Searches searches_{core_};
    herd::clients::Admissions admissions_{
        core_, herd::clients::Admissions::SlotOf::to<&House::slot_of>(*this)};
    reactor::Slab<Session> sessions_;
    Session* session_ = nullptr;
    reactor::Listener listener_{
        loop_, reactor::Delegate<void(reactor::Socket)>::to<&House::on_accepted>(*this)};
    int fd_ = -1;
    bool ended_ = false;
    std::string said_;
    std::uint64_t checked_ = 0;
};

}  // namespace

void one_input(const std::uint8_t* data, std::size_t size) {
    Input input({reinterpret_cast<const char*>(data), size});
    House house((input.byte() & 1) != 0);
    house.play(input);
}

}  // namespace client_lines_fuzz

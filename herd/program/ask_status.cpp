#include "herd/program/ask_status.hpp"

#include "herd/program/credentials.hpp"
#include "herd/program/dialogue.hpp"
#include "herd/program/doors.hpp"
#include "reactor/loop.hpp"
#include "reactor/sys.hpp"

#include <array>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace herd::program {

namespace {

using reactor::Delegate;

// A status of 64 servers with all their links is a tenth of that.
constexpr Dialogue::Limits limits = {.time = std::chrono::seconds(2), .size = std::size_t{1} << 20};

// The first one that its name leads to.
reactor::Result<reactor::Address> address_of(const config::Server& server) {
    if (server.peers_name.empty()) return server.peers;
    std::array<reactor::Address, 1> found{};
    const auto count = reactor::sys::look_up(server.peers_name.c_str(), server.peers.port, found);
    if (!count) return std::unexpected(count.error());
    return found[0];
}

// One server, asked once.
class Question {
public:
    Question(reactor::Loop& loop, const config::Server& server, Delegate<void()> over)
        : server_(server),
          over_(over),
          dialogue_(loop,
                    limits,
                    Dialogue::Reader::to<&Question::take>(*this),
                    Delegate<void()>::to<&Question::on_over>(*this)) {}

    // True: `over` will be called.
    bool start(reactor::SealPtr seal) {
        assert(!server_.legacy);
        const auto at = address_of(server_);
        if (!at) {
            trouble_ = server_.peers_name + ": its name cannot be looked up";
            return false;
        }
        const auto begun = dialogue_.start(*at, "STATUS\n", std::move(seal));
        if (!begun) trouble_ = describe(begun.error());
        return begun.has_value();
    }
    StatusAnswer answer() const {
        return read_status(
            server_.name, json_, trouble_, server_.neighbours.size(), peers_address(server_));
    }

private:
    bool take(std::string& text) {
        const std::size_t end = text.find('\n');
        if (end == std::string::npos) return false;
        json_ = text.substr(0, end);
        return true;
    }
    void on_over() {
        trouble_ = dialogue_.trouble();
        over_();
    }

    const config::Server& server_;
    Delegate<void()> over_;
    std::string json_;
    std::string trouble_;
    Dialogue dialogue_;
};

// Some servers, asked at the same time.
class Round {
public:
    Round(const config::Config& config,
          tls::Dialler& dialler,
          const std::vector<const config::Server*>& servers) {
        if (!loop_.open({.watches = 2 * config::servers_max, .timers = 2 * config::servers_max}))
            return;
        for (const config::Server* const server : servers) {
            questions_.push_back(std::make_unique<Question>(
                loop_, *server, Delegate<void()>::to<&Round::on_over>(*this)));
            reactor::SealPtr seal = config.keys.empty() ? nullptr : dialler.dial(server->name);
            open_ += questions_.back()->start(std::move(seal));
        }
        if (open_ > 0) loop_.run();
    }
    Round(const Round&) = delete;
    Round& operator=(const Round&) = delete;

    std::vector<StatusAnswer> answers() const {
        std::vector<StatusAnswer> all;
        for (const auto& question : questions_) all.push_back(question->answer());
        return all;
    }

private:
    void on_over() {
        assert(open_ > 0);
        if (--open_ == 0) loop_.stop();
    }

    reactor::Loop loop_;
    std::vector<std::unique_ptr<Question>> questions_;
    std::size_t open_ = 0;
};

}  // namespace

Outcome<> open_dialler(tls::Dialler& dialler, const config::Config& config) {
    if (config.keys.empty()) return {};
    const auto files = credentials(config);
    if (!files) return std::unexpected(files.error());
    return dialler.open(*files, reactor::Seal::record_max);
}

std::vector<StatusAnswer> ask_status(const config::Config& config,
                                     tls::Dialler& dialler,
                                     const std::vector<const config::Server*>& servers) {
    return Round(config, dialler, servers).answers();
}

std::vector<const config::Server*> askable(const config::Config& config) {
    std::vector<const config::Server*> all;
    for (const config::Server& server : config.servers) {
        if (!server.legacy) all.push_back(&server);
    }
    return all;
}

}  // namespace herd::program

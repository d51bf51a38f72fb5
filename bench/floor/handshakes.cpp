#include "bench/floor/handshakes.hpp"

#include "bench/floor/sockets.hpp"
#include "bench/floor/tls.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <thread>

namespace bench::floor {

namespace {

// At a thousand handshakes a second a server waits so long for the next step of any.
constexpr std::chrono::microseconds usual_rest{500};

std::int64_t thread_cpu_ns() {
    timespec used{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return std::int64_t{used.tv_sec} * 1'000'000'000 + used.tv_nsec;
}

// Adds what has been used while this lives.
class Stretch {
public:
    explicit Stretch(std::int64_t& sum) : sum_{sum}, begin_{thread_cpu_ns()} {}
    Stretch(const Stretch&) = delete;
    Stretch& operator=(const Stretch&) = delete;
    ~Stretch() { sum_ += thread_cpu_ns() - begin_; }

private:
    std::int64_t& sum_;
    std::int64_t begin_;
};

class Shaker {
public:
    Shaker(const std::string& keys, const std::string& name)
        : name_{name}, server_{server_context(keys, name)}, client_{client_context(keys)} {}

    // Returns what the server's side of one has taken.
    std::int64_t shake(std::chrono::microseconds rest) {
        std::int64_t used = 0;
        const SslPtr client = dial_tls(client_, of_client_.bio(), name_);
        SslPtr server;
        of_client_.lend({});
        bool done = false;
        while (!done) {
            done = SSL_do_handshake(client.get()) == 1;
            wait(rest);
            {
                const Stretch stretch{used};
                if (!server) server = accept_tls(server_, of_server_.bio());
                of_server_.lend(of_client_.output());
                done = SSL_do_handshake(server.get()) == 1 && done;
            }
            if (!done && of_server_.output().empty()) fail();
            of_client_.lend(of_server_.output());
        }
        wait(rest);
        const Stretch stretch{used};
        server.reset();
        return used;
    }

private:
    static void wait(std::chrono::microseconds rest) {
        if (rest.count() > 0) std::this_thread::sleep_for(rest);
    }
    [[noreturn]] static void fail() {
        std::fputs("herd-floor: the handshake failed\n", stderr);
        std::exit(1);
    }

    std::string name_;
    ContextPtr server_;
    ContextPtr client_;
    SharedBio of_server_;
    SharedBio of_client_;
};

double mean_ns(Shaker& shaker, std::chrono::seconds time, std::chrono::microseconds rest) {
    std::int64_t used = 0;
    std::int64_t count = 0;
    const auto end = std::chrono::steady_clock::now() + time;
    for (; std::chrono::steady_clock::now() < end; ++count) used += shaker.shake(rest);
    return static_cast<double>(used) / static_cast<double>(count);
}

}  // namespace

Handshakes::Handshakes(const std::string& keys,
                       const std::string& name,
                       std::chrono::seconds time) {
    Shaker shaker{keys, name};
    ns_without_pauses_ = mean_ns(shaker, time, {});
    ns_ = mean_ns(shaker, time, usual_rest);
}

}  // namespace bench::floor

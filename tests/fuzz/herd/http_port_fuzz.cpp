// What may come on a port where HTTP is spoken, on the fake kernel, to a handler that answers at
// once, later, in parts, before the body or never: the server must not crash, each request is
// answered once or its handler told that it will not be, and whatever it was, it is gone when its
// time is over, with all that it held.
#include "herd/http/server.hpp"
#include "reactor/timer.hpp"
#include "tests/fuzz/must.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/run_host.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace http_port_fuzz {

namespace {

using namespace std::chrono_literals;
namespace http = herd::http;

constexpr sim::Host here = 1;
constexpr sim::Host there = 2;
constexpr std::uint16_t port = 1200;

using fuzz::must;

// By the first letter of the path.
class Handler final : public http::Handler {
public:
    void on_request(http::Connection& connection, const http::Request& request) override {
        ++begun;
        must(request.field_count <= http::Request::fields_max);
        const std::string_view path = request.path();
        const char what = path.size() > 1 ? path[1] : '-';
        if (what == 'l') return later.push_back(connection.ticket());
        if (what == 's' && !request.has_body) {
            if (connection.start({.body = "part"})) return later.push_back(connection.ticket());
            ++over;
            return;
        }
        if (what == 'h' && !request.has_body) return connection.hang();
        if (request.has_body && what != 'e') return;
        ++over;
        connection.answer({.body = std::string(what == 'b' ? 70'000 : 3, 'b')});
    }
    void on_body(http::Connection& connection, std::string_view part, bool last) override {
        must(last || !part.empty());
        if (!last) return;
        const http::Ticket mine = connection.ticket();
        std::erase_if(later, [&](const http::Ticket& other) { return other == mine; });
        ++over;
        connection.answer({.body = "body"});
    }
    void on_gone(http::Connection&) override { ++over; }

    std::uint64_t begun = 0;
    std::uint64_t over = 0;
    std::vector<http::Ticket> later;
};

class House {
public:
    House() : tick_(loop_, reactor::Delegate<void()>::to<&House::on_tick>(*this)) {
        kernel_.delay_min_ns = kernel_.delay_max_ns = 1000;
        kernel_.buffer_size = 20'000;
        kernel_.enter(here);
        must(loop_.open({.watches = 16, .timers = 4}).has_value());
        must(wire_.open({.blocks = 128}).has_value());
        must(server_.map().has_value());
        must(server_.listen(reactor::Address::loopback(port)).has_value());
        tick_.start(1s);
    }

    void play(std::string_view input) {
        heard_.clear();
        connect();
        while (!input.empty()) {
            const auto head = static_cast<std::uint8_t>(input[0]);
            const std::string_view piece = input.substr(1, head % 128);
            input.remove_prefix(1 + piece.size());
            say(piece);
            if (head >= 128) answer_later();
        }
        answer_later();
        kernel_.enter(there);
        kernel_.shutdown_write(fd_);
        for (int i = 0; i < 100 && server_.size() > 0; ++i) {
            run(1s);
            answer_later();
            say("");
        }
        must(server_.size() == 0);
        must(handler_.begun == handler_.over);
        must(wire_.blocks().in_use() == 0);
        kernel_.enter(there);
        kernel_.close(fd_);
        run(1ms);
    }

private:
    void on_tick() {
        server_.tick();
        tick_.start(1s);
    }
    void connect() {
        kernel_.enter(there);
        fd_ = *kernel_.open_socket();
        static_cast<void>(kernel_.connect(fd_, reactor::Address::loopback(port)));
        run(1ms);
        kernel_.enter(there);
        must(kernel_.take_error(fd_).has_value());
    }
    // What is due: a whole answer, or the rest of one.
    void answer_later() {
        kernel_.enter(here);
        for (const http::Ticket& ticket : std::exchange(handler_.later, {})) {
            http::Connection* const connection = server_.find(ticket);
            if (connection == nullptr) continue;
            ++handler_.over;
            if (connection->is_streaming()) {
                connection->send("rest");
                connection->end();
            } else {
                connection->answer({.body = "later"});
            }
        }
        run(1ms);
    }
    void say(std::string_view bytes) {
        kernel_.enter(there);
        std::string buffer(4096, '\0');
        while (true) {
            const auto received = kernel_.receive(fd_, buffer);
            if (!received || *received == 0) break;
            if (heard_.size() < 9) heard_.append(buffer, 0, *received);
        }
        must(heard_.size() < 9 || heard_.starts_with("HTTP/1.1 "));
        if (!bytes.empty()) static_cast<void>(kernel_.send(fd_, bytes));
        run(10us);
        server_.check();
    }
    void run(reactor::Duration time) { run_host(kernel_, here, loop_, time); }

    sim::FakeKernel kernel_{1};
    reactor::Loop loop_;
    reactor::Wire wire_{loop_};
    Handler handler_;
    std::array<http::Route, 1> routes_{{{.path = "/*", .handler = &handler_}}};
    http::Server server_{wire_, routes_, {.connections = 2, .body_max = 5'000}};
    reactor::Timer tick_;
    std::string heard_;
    int fd_ = -1;
};

}  // namespace

void one_input(const std::uint8_t* data, std::size_t size) {
    // One for all: each input leaves it as it was.
    static House house;
    if (size > 0) house.play({reinterpret_cast<const char*>(data), size});
}

}  // namespace http_port_fuzz

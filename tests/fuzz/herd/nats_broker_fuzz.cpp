// A broker of NATS that says anything, in any order, hangs, and ends, to a client that publishes,
// subscribes and asks: nothing crashes, memory and descriptors are bounded, each request is told
// once what has become of it, and when the broker is honest in the end, it is live again.
#include "herd/nats/connection.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/must.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/run_host.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace nats_broker_fuzz {

namespace {

using namespace std::chrono_literals;
using namespace herd::nats;

constexpr sim::Host here = 1;
constexpr sim::Host there = 2;
constexpr std::uint16_t port = 4222;

using fuzz::must;

// What a broker may say; `~` stands for its inbox.
constexpr std::array<std::string_view, 16> sentences = {
    "INFO {\"server_id\":\"N\",\"max_payload\":1000}\r\n",
    "INFO "
    "{\"server_id\":\"N\",\"max_payload\":9,\"ldm\":true,\"connect_urls\":[\"127.0.0.1:1\"]}\r\n",
    "INFO {\"server_id\":\"N\",\"max_payload\":9,\"tls_required\":true}\r\n",
    "PONG\r\n",
    "PING\r\n",
    "+OK\r\n",
    "-ERR 'Slow Consumer'\r\n",
    "-ERR 'Permissions Violation'\r\n",
    "MSG ~.40 1 2\r\nhi\r\n",
    "HMSG ~.41 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n",
    "MSG ~.80 1 40000\r\n",
    "MSG a 2 3\r\nabc\r\n",
    "MSG a 3 r 0\r\n\r\n",
    "HMSG a 2 4 6\r\nlies..\r\n",
    "MSG a 2 300\r\n",
    "\r\n",
};

class House final : public Owner {
public:
    House() {
        kernel_.delay_min_ns = kernel_.delay_max_ns = 1000;
        kernel_.enter(here);
        must(loop_.open({.watches = 8, .timers = 4}).has_value());
        must(wire_.open({.send_size = std::size_t{32} << 10, .blocks = 64, .blocks_reserved = 8})
                 .has_value());
        kernel_.enter(there);
        listener_ = *kernel_.open_socket();
        must(kernel_.bind(listener_, reactor::Address::loopback(port)).has_value());
        must(kernel_.listen(listener_).has_value());
        kernel_.enter(here);
        connection_.start();
        run(1ms);
    }
    ~House() { kernel_.enter(here); }
    House(const House&) = delete;
    House& operator=(const House&) = delete;

    void play(fuzz::Input input) {
        for (int i = 0; i < 300 && !input.empty(); ++i) {
            act(input);
            run(10us);
            check();
        }
        be_honest();
    }

    void on_live() override {
        must(!live_);
        live_ = true;
    }
    void on_down(Ended) override {
        must(live_);
        live_ = false;
        must(connection_.in_flight() == 0);
    }
    void on_reply(const Reply& reply) {
        ++told_;
        if (reply.kind == Reply::Kind::nobody) ask();
    }
    void on_delivery(const protocol::nats::Delivery& delivery) {
        must(live_);
        if (delivery.payload == "abc") connection_.publish({.subject = "answer"});
    }

private:
    void act(fuzz::Input& input) {
        const std::uint8_t what = input.byte();
        const std::string_view sentence = sentences[what / 16];
        switch (what % 16) {
            case 0:
                return run(std::chrono::milliseconds(input.byte() * 10));
            case 1:
                return hang_up();
            case 2:
                return say(input.take(input.byte()));
            case 3:
                return say(std::string(5000, static_cast<char>(input.byte())));
            case 4:
                return say(filled(sentence).substr(0, input.byte() % 64));
            case 5:
                return ask();
            case 6:
                return publish(input.byte());
            case 7:
                return subscribe(input.byte());
            case 8:
                return restart(input.byte());
            case 9:
                return hear();
            default:
                return say(filled(sentence));
        }
    }
    void ask() {
        kernel_.enter(here);
        const auto said =
            connection_.request("q", "?", 300ms, ReplyTo::to<&House::on_reply>(*this));
        if (said == Said::yes) ++asked_;
    }
    void publish(std::uint8_t how) {
        kernel_.enter(here);
        const std::string payload(std::size_t{how} * 8, 'x');
        for (int i = 0; i < 20; ++i) connection_.publish({.subject = "a", .payload = payload});
    }
    void subscribe(std::uint8_t how) {
        kernel_.enter(here);
        if (how % 2 == 0) return connection_.unsubscribe(how / 2);
        connection_.subscribe("a", Connection::Deliver::to<&House::on_delivery>(*this));
    }
    void restart(std::uint8_t how) {
        kernel_.enter(here);
        connection_.stop();
        live_ = false;
        run(std::chrono::milliseconds(how * 20));
        run(connection_.stopped() ? 0ms : 3s);
        must(connection_.stopped());
        kernel_.enter(here);
        connection_.start();
    }

    std::string filled(std::string_view sentence) const {
        std::string text(sentence);
        const std::size_t at = text.find('~');
        return at == std::string::npos ? text : text.replace(at, 1, inbox_);
    }
    void say(std::string_view text) {
        accept();
        if (fd_ < 0) return;
        kernel_.enter(there);
        if (!kernel_.take_error(fd_) || !kernel_.peer_address(fd_)) return;
        static_cast<void>(kernel_.send(fd_, text));
    }
    void accept() {
        kernel_.enter(there);
        while (const auto accepted = kernel_.accept(listener_)) {
            hang_up();
            fd_ = *accepted;
        }
    }
    void hang_up() {
        kernel_.enter(there);
        if (fd_ >= 0) kernel_.close(fd_);
        fd_ = -1;
    }
    void hear() {
        accept();
        if (fd_ < 0) return;
        std::array<char, 40'000> buffer{};
        const auto received = kernel_.receive(fd_, buffer);
        if (!received && received.error().value == EAGAIN) return;
        if (!received || *received == 0) return hang_up();
        const std::string_view heard(buffer.data(), *received);
        const std::size_t at = heard.find("SUB _INBOX.");
        if (at != std::string_view::npos) inbox_ = heard.substr(at + 4, 39);
    }
    void be_honest() {
        hang_up();
        for (int i = 0; i < 200 && !live_; ++i) {
            run(100ms);
            accept();
            say(sentences[0]);
            run(100ms);
            hear();
            say("PONG\r\n");
            run(1ms);
            check();
        }
        must(live_);
        must(connection_.live());
    }

    void run(reactor::Duration time) { sim::run_host(kernel_, here, loop_, time); }
    void check() {
        kernel_.enter(here);
        connection_.check();
        wire_.check();
        must(asked_ == told_ + connection_.in_flight());
        must(wire_.blocks().in_use() <= 48);
        must(kernel_.open_descriptors(here) <= 3);
    }

    sim::FakeKernel kernel_{1};
    Options options_{.addresses = {reactor::Address::loopback(port)}};
    reactor::Loop loop_;
    reactor::Wire wire_{loop_};
    herd::Log log_{loop_};
    Connection connection_{loop_, wire_, log_, options_, *this};
    int listener_ = -1;
    int fd_ = -1;
    std::string inbox_ = "_INBOX";
    std::size_t asked_ = 0;
    std::size_t told_ = 0;
    bool live_ = false;
};

}  // namespace

void one_input(const std::uint8_t* data, std::size_t size) {
    House().play(fuzz::Input({reinterpret_cast<const char*>(data), size}));
}

}  // namespace nats_broker_fuzz

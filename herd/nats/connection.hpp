#pragma once

#include "herd/log.hpp"
#include "herd/nats/addresses.hpp"
#include "herd/nats/clear_info.hpp"
#include "herd/nats/ended.hpp"
#include "herd/nats/requests.hpp"
#include "protocol/nats_error.hpp"
#include "protocol/nats_info.hpp"
#include "protocol/nats_reader.hpp"
#include "protocol/nats_writer.hpp"
#include "protocol/short_text.hpp"
#include "reactor/connector.hpp"
#include "reactor/handshakes.hpp"
#include "reactor/stream.hpp"
#include "reactor/timer.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace herd::nats {

// How a connection to a broker is sealed. Outlives it.
struct Sealing {
    reactor::Handshakes& handshakes;
    // To who must prove to be the broker; null: none can be had now.
    reactor::Delegate<reactor::SealPtr()> make_seal;
    // The broker says nothing in the clear before the handshake.
    bool handshake_first = false;
};

struct Options {
    std::vector<reactor::Address> addresses = {};  // 1 to Addresses::configured_max, tried in turn
    // Who we are: see protocol::nats::Login.
    std::string name = {};
    std::string user = {};
    std::string password = {};
    std::string token = {};
    const Sealing* sealing = nullptr;  // null: in the clear
    reactor::Connector::Pace pace = {};
    reactor::Duration login_max = std::chrono::seconds(5);  // from connected to live
    reactor::Duration ping_interval = std::chrono::seconds(2);
    reactor::Duration silence_max = std::chrono::seconds(6);
};

// What a connection tells its owner, who may call anything of it from within.
class Owner {
public:
    // The broker has taken us. Nothing is subscribed to: what was is so no more.
    virtual void on_live() = 0;
    // It was live, and is no more. Requests have been told before.
    virtual void on_down(Ended why) = 0;
    // What was unsent is not any more.
    virtual void on_room() {}
    // The broker has not let us use a subject, or complains of something else that ends nothing.
    virtual void on_complaint(protocol::nats::ErrorKind, std::string_view /* text */) {}

protected:
    ~Owner() = default;
};

// What has become of something to be said.
enum class Said : std::uint8_t {
    yes,
    down,        // nobody is there
    full,        // so much is unsent, or in flight, that it has to wait: see on_room()
    unsendable,  // a broker would misread it, or end the connection for it
};

// The connection of a client to one of several brokers of NATS: dials them in turn, logs in, keeps
// it alive, publishes, subscribes, and asks.
//
//   down --connected--> [clear_info -->] [shaking -->] greeting --INFO--> logging_in --PONG--> live
//    ^ ^                   |               |             |                    |                 |
//    | +-- refused, late --+---------------+-------------+                    |                 |
//    +---- any of `Ended`, and then the next one is dialled ------------------+-----------------+
//
// In the clear, INFO comes by the stream. With TLS it comes in the clear before the handshake, and
// greeting is passed by; with `handshake_first` it comes by the sealed stream. Where else brokers
// are, only one is believed that has taken us.
//
// It keeps nothing while it is down: what is published then is refused, subscriptions end with the
// connection, and requests are told that they are lost. What is unsent is bounded by the wire's
// send buffer and one message: while the kernel takes nothing, nothing more may be published, and
// nothing is read. The broker is believed for nothing: it may say anything, nothing, or half of it.
// Pinned. Outlived by loop, wire, log, options and owner.
class Connection final : public reactor::StreamEvents {
public:
    static constexpr std::size_t subscriptions_max = 8;
    static constexpr reactor::Duration tick_interval = std::chrono::milliseconds(250);
    // How long it stays with a broker that has asked us to go, for answers that are under way.
    static constexpr reactor::Duration farewell_max = std::chrono::seconds(2);
    // Of a loop, beside those of the Handshakes.
    static constexpr std::uint32_t watches_max = 1;
    static constexpr std::uint32_t timers_max = 2;

    // To its subscriber; nothing of it outlives the call.
    using Deliver = reactor::Delegate<void(const protocol::nats::Delivery&)>;

    Connection(
        reactor::Loop& loop, reactor::Wire& wire, Log& log, const Options& options, Owner& owner);
    ~Connection();

    // Dials. Not while it runs.
    void start();
    // Sends what is unsent and ends, without on_down(). It may be started again when stopped().
    void stop();
    bool stopped() const { return !running_; }
    // The broker is of no use, though it is there: ends, as one that was lost, and dials the next.
    void redial();

    bool live() const { return state_ == State::live && !stream_->dead() && !stopping_; }
    // Of the latest broker that was connected to.
    const protocol::nats::BrokerInfo& broker() const { return info_; }
    const reactor::Address& address() const { return addresses_.latest(); }

    // Something can be published now.
    bool has_room() const { return live() && !stream_->blocked(); }
    // From within a flush (Wire::send_first) only what fits room().
    std::size_t room() const { return has_room() ? stream_->room() : 0; }
    Said publish(const protocol::nats::Publication& publication);
    // The number of the subscription; 0: the filter is none, nobody is there, or there are
    // subscriptions_max.
    std::uint64_t subscribe(std::string_view filter, Deliver deliver);
    // Nothing more is delivered. A stale number names nothing.
    void unsubscribe(std::uint64_t sid);
    // `to` is told exactly once what has become of it, if this is `yes`; never from within.
    Said request(std::string_view subject,
                 std::string_view payload,
                 reactor::Duration time,
                 ReplyTo to);
    std::size_t in_flight() const { return requests_.in_flight(); }

    // What subjects of replies to this connection begin with, which nobody can guess. Those of two
    // words more are its owner's to subscribe to. Valid until it is live again.
    std::string_view inbox() const { return inbox_.text(); }

    const Counters& counters() const { return counters_; }
    std::size_t unsent() const { return stream_ ? stream_->unsent() : 0; }
    reactor::Duration round_trip() const { return round_trip_; }
    // Asserts what must hold between calls.
    void check() const;

private:
    enum class State : std::uint8_t { down, clear_info, shaking, greeting, logging_in, live };
    static constexpr std::uint64_t inbox_sid = 1;
    static constexpr protocol::nats::Reader::Limits reader_limits{};
    struct Subscription {
        std::uint64_t sid = 0;  // 0: none
        Deliver deliver = {};
    };

    reactor::Address choose() { return addresses_.next(); }
    void on_connected(reactor::Socket socket);
    void on_clear_info(reactor::Socket socket, std::string_view json);
    void on_no_clear_info(bool nonsense) { fail(nonsense ? Ended::nonsense : Ended::lost); }
    void shake(reactor::Socket socket);
    void on_shaken(reactor::Socket socket, reactor::SealPtr seal);
    void on_unshaken(const reactor::Handshakes::Refusal& refusal);
    void open(reactor::Socket socket, reactor::SealPtr seal, State next);
    void log_in();
    void go_live();

    std::size_t on_input(std::string_view bytes, std::size_t seen, bool ended) override;
    void on_drained() override;
    void on_seal_broken(std::string_view why) override;
    void on_closed(reactor::Closed why) override;

    void take(const protocol::nats::Message& message);
    bool take_info(std::string_view json);
    void heed_info();
    void on_pong();
    void on_error(std::string_view text);
    void deliver(const protocol::nats::Delivery& delivery);
    void deliver_reply(const protocol::nats::Delivery& delivery);

    void on_tick();
    void tick_live();
    // Of a try that has no stream yet.
    void fail(Ended why, std::string_view text = {});
    // Of a stream: on_closed follows.
    void end(Ended why, std::string_view text = {});
    void note(Ended why, std::string_view text);
    void say(std::string_view text);

    reactor::Loop& loop_;
    reactor::Wire& wire_;
    Log& log_;
    const Options& options_;
    Owner& owner_;
    Addresses addresses_;
    reactor::Connector connector_;
    ClearInfo clear_info_;
    reactor::Handshakes::Door door_;
    reactor::Handshakes::Id handshake_;
    std::optional<reactor::Stream> stream_;  // From greeting on.
    protocol::nats::Reader reader_{reader_limits};
    reactor::Timer tick_;
    Requests requests_;
    std::array<Subscription, subscriptions_max> subscriptions_{};
    std::uint64_t last_sid_ = inbox_sid;  // A number is given once.
    protocol::ShortText<48> inbox_;       // Of this connection.
    protocol::nats::BrokerInfo info_;
    Counters counters_;
    State state_ = State::down;
    bool running_ = false;
    bool stopping_ = false;
    Ended why_ = Ended::lost;      // The stream ends, if it does.
    std::size_t reason_told_ = 0;  // A hash of why, as the log has it since it was live; 0: none.
    reactor::Instant since_{};     // Of connected, live or stop().
    reactor::Instant heard_at_{};
    reactor::Instant pinged_at_{};
    bool pinged_ = false;  // And not answered since.
    reactor::Duration round_trip_{};
    std::optional<reactor::Instant> leaves_at_;  // The broker has asked us to.
};

}  // namespace herd::nats

#pragma once

#include "herd/access/grant.hpp"
#include "herd/http/connection.hpp"
#include "herd/http/request.hpp"
#include "herd/phones/form_decoder.hpp"
#include "herd/phones/json_decoder.hpp"
#include "herd/phones/name.hpp"
#include "herd/phones/reception.hpp"
#include "herd/phones/sighting.hpp"
#include "herd/phones/sink.hpp"
#include "herd/phones/way.hpp"
#include "herd/table/record.hpp"
#include "protocol/text_writer.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace herd::phones {

// Who asks, as far as his token says.
struct Bearer {
    access::Grant grant;
    std::uint64_t token;  // what stands for it in the notebook
};

// One request of a phone that may report, from its head to its answer: reads what comes by what it
// is, not by what it says that it is, and takes each position as soon as it is complete.
//
// The answer is 200 for all that was taken, and also for all that never can be: whoever is refused
// sends it again for ever, and everything behind it waits, or throws it away. 503 is for what
// cannot be taken now, 400 for who must change its settings, as it does not say who it is. Nothing
// of what was sent is ever said in an answer, but what others have reported may be: see Friends.
// What becomes of each message is noted for who has the token.
//
// Made by the PhoneService when the head has come, released when it is answered or gone; reception
// and connection outlive it.
class Visit final : private Sink {
public:
    // How far ahead of this server's clock a phone's may be, whatever max_future_ms says: a
    // position of next year would be the newest until then.
    static constexpr std::int64_t future_max_ns = std::int64_t{24} * 3600 * 1'000'000'000;
    static constexpr std::size_t client_size_max = 256;

    // `device`: what the path says, decoded.
    Visit(Reception& reception,
          http::Connection& connection,
          const Bearer& bearer,
          Shape shape,
          std::string_view device,
          const http::Request& request);

    const access::Grant& grant() const { return grant_; }
    void take(std::string_view part);
    // All has come: answers.
    void finish();

private:
    enum class Body : std::uint8_t { none, json, form };
    enum class Agent : std::uint8_t { other, owntracks, overland };
    enum class Identity : std::uint8_t { known, missing, too_long };

    void on_sighting(Dialect dialect, const Sighting& sighting, const Sender& sender) override;
    bool would_take(Dialect dialect, const Sighting& sighting) const override;
    void on_encrypted() override;
    void on_other() override;

    static Agent agent_of(const http::Request& request);
    Identity identify(protocol::TextWriter& out, Dialect dialect, const Sender& sender) const;
    std::string_view device_of(Dialect dialect, const Sender& sender) const;
    std::optional<std::int64_t> time_of(Dialect dialect, const Said& time) const;
    void report(std::string_view client, const Sighting& sighting, std::int64_t time_ns);
    void ignore(std::uint64_t& counter,
                std::string_view client,
                std::string_view why,
                std::int64_t time_ns = 0);
    void note(std::string_view client, std::string_view fate, std::int64_t time_ns = 0);
    bool is_vague(const Sighting& sighting) const;
    std::string_view answer();
    Shape shape() const;

    Reception& reception_;
    http::Connection& connection_;
    const access::Grant grant_;
    const std::uint64_t token_;
    const std::int64_t now_ns_;  // When its head came.
    const Shape way_;
    const Agent agent_;
    Body body_ = Body::none;
    bool took_ = false;      // Something that the journal may have to have before the answer.
    bool busy_ = false;      // Something could not be taken now.
    bool nameless_ = false;  // A position did not say whose it is,
    bool too_long_ = false;  // or by too long a name.
    std::uint32_t own_ = table::no_record;  // The slot of the client that was reported last.
    Name path_device_;
    Name header_user_;
    Name header_device_;
    FormDecoder form_;
    JsonDecoder json_;
};

}  // namespace herd::phones

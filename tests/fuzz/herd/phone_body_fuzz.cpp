// What a phone sends, as JSON, as a form and as one of several parts: however it is cut, the same
// is found in it, and what is found is on the earth, and names nobody by more than a name may have.
#include "herd/phones/form_decoder.hpp"
#include "herd/phones/json_decoder.hpp"
#include "herd/phones/name.hpp"
#include "protocol/degrees.hpp"
#include "tests/fuzz/input.hpp"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>

namespace phone_body_fuzz {

namespace {

using namespace herd::phones;

class Found final : public Sink {
public:
    void on_sighting(Dialect dialect, const Sighting& sighting, const Sender& sender) override {
        assert(sender.user.size() <= Name::size_max);
        assert(sender.device.size() <= Name::size_max);
        assert(sender.last.size() <= Name::size_max);
        all += std::to_string(static_cast<int>(dialect)) + ' ';
        put(sighting.latitude(), 90 * protocol::degree);
        put(sighting.longitude(), 180 * protocol::degree);
        put(sighting.time(), INT64_MAX);
        for (const std::string_view text : {sender.user, sender.device, sender.last}) {
            all.append(text).append("|");
        }
        all += sender.too_long ? "!\n" : "\n";
    }
    bool would_take(Dialect, const Sighting& sighting) const override {
        return sighting.is_somewhere() && sighting.time().is != Said::Is::unreadable;
    }
    void on_encrypted() override { all += "encrypted\n"; }
    void on_other() override { all += "other\n"; }

    std::string all;

private:
    void put(const Said& said, std::int64_t most) {
        assert(said.value <= most);
        assert(said.value >= -most);
        all += std::to_string(static_cast<int>(said.is)) + ':' + std::to_string(said.value) + ' ';
    }
};

std::string as_json(std::string_view body, std::size_t piece) {
    Found found;
    JsonDecoder decoder;
    for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) {
        decoder.feed(body.substr(0, piece), found);
    }
    decoder.finish(found);
    if (decoder.broken()) found.all += "broken\n";
    if (decoder.dialect()) found.all += std::to_string(static_cast<int>(*decoder.dialect()));
    return found.all;
}

std::string as_form(std::string_view body, std::size_t piece, const char* type) {
    Found found;
    FormDecoder decoder;
    decoder.begin_body(type);
    for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) {
        decoder.feed(body.substr(0, piece));
    }
    decoder.finish();
    decoder.tell(found);
    return found.all;
}

}  // namespace

void one_input(const std::uint8_t* data, std::size_t size) {
    // One kind and one cut at a time: a run that tried all would be a ninth of as many.
    fuzz::Input input({reinterpret_cast<const char*>(data), size});
    const std::uint8_t kind = input.byte();
    const std::size_t piece = std::size_t{1} + input.byte() % 16;
    const std::string_view body = input.take(size);
    switch (kind % 3) {
        case 0:
            assert(as_json(body, piece) == as_json(body, size + 1));
            break;
        case 1:
            assert(as_form(body, piece, "") == as_form(body, size + 1, ""));
            break;
        default:
            const char* const several = "multipart/form-data; boundary=a";
            assert(as_form(body, piece, several) == as_form(body, size + 1, several));
            break;
    }
}

}  // namespace phone_body_fuzz

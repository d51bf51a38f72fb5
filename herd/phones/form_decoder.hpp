#pragma once

#include "herd/phones/name.hpp"
#include "herd/phones/sighting.hpp"
#include "herd/phones/sink.hpp"
#include "protocol/form_reader.hpp"
#include "protocol/multipart_reader.hpp"

#include <string_view>

namespace herd::phones {

// One position said by the fields of a request's query, and of its body where that is a form:
// OsmAnd, Traccar Client up to 7 and from 10, GPSLogger, PhoneTrack, ulogger. Of a field that comes
// twice the last counts; an unknown one is nobody's business.
class FormDecoder {
public:
    void feed(std::string_view bytes);
    // What is fed from now on is a body, of that type: of several parts, perhaps, as ulogger sends
    // a picture with a position.
    void begin_body(std::string_view content_type) { in_parts_ = parts_.begin(content_type); }
    // A query ends, or a form.
    void finish();
    void tell(Sink& sink) const;

    const Name& device() const { return device_; }
    // "u" and "d", which OwnTracks may have in its query.
    const Name& user_parameter() const { return user_parameter_; }
    const Name& device_parameter() const { return device_parameter_; }

private:
    void take(std::string_view name, std::string_view value, bool cut);

    protocol::FormReader reader_;
    protocol::MultipartReader parts_;
    bool in_parts_ = false;
    Sighting sighting_;
    Name device_;
    Name tid_;
    Name user_parameter_;
    Name device_parameter_;
};

}  // namespace herd::phones

#include "herd/phones/form_decoder.hpp"

#include "herd/phones/names.hpp"

namespace herd::phones {

void FormDecoder::feed(std::string_view bytes) {
    while (!bytes.empty()) {
        if (in_parts_) {
            const auto fed = parts_.feed(bytes);
            bytes.remove_prefix(fed.consumed);
            if (fed.field) take(parts_.name(), parts_.value(), parts_.cut());
        } else {
            const auto fed = reader_.feed(bytes);
            bytes.remove_prefix(fed.consumed);
            if (fed.field) take(reader_.name(), reader_.value(), reader_.cut());
        }
    }
}

void FormDecoder::finish() {
    if (reader_.finish()) take(reader_.name(), reader_.value(), reader_.cut());
    reader_.reset();
}

void FormDecoder::take(std::string_view name, std::string_view value, bool cut) {
    const Field field = field_of(name);
    if (const auto source = device_source(field)) device_.offer(value, *source, cut);
    if (field == Field::tid) tid_.offer(value, 0, cut);
    if (field == Field::u) user_parameter_.offer(value, 0, cut);
    if (field == Field::d) device_parameter_.offer(value, 0, cut);
    if (field == Field::location) sighting_.set_both(value, cut);
    sighting_.set(field, value, cut);
}

void FormDecoder::tell(Sink& sink) const {
    const Sender sender{.device = device_.text(),
                        .last = tid_.text(),
                        .too_long = device_.too_long() || tid_.too_long()};
    sink.on_sighting(Dialect::flat, sighting_, sender);
}

}  // namespace herd::phones

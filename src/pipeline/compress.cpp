#include "pipeline/compress.h"

#include "pipeline/budget.h"
#include "pipeline/compression.h"

namespace tinyc {

Compressed compress(const CompressInputs& in, const CompressSettings& s) {
  Compression c(in, s);
  c.prepare();
  Compressed out =
      s.budget.any() && c.can_price() ? fit_budget(c, s.budget, s.progress) : c.finish(s.pass_options.bit_price);
  if (s.progress) s.progress("done", 1.0);
  return out;
}

}  // namespace tinyc

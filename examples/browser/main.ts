/** The page: says what it computes on, and brings its two parts to life. */
import "./style.css";
import { chooseDevice } from "./device.ts";
import { find } from "./find.ts";
import { LiveTree } from "./live-tree.ts";
import { TrainingView } from "./training.ts";

const device = await chooseDevice(location.search);
find("device").textContent = device.label;
if (device.reason !== undefined) {
  const banner = find("banner");
  find("reason").textContent = device.reason;
  banner.hidden = false;
}
new LiveTree(device);
new TrainingView();

export { feature as default } from "topojson-client";

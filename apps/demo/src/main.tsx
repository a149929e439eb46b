import { createRoot } from "react-dom/client";
import { App } from "./App.js";
import "./styles/base.css";
import "./styles/lobby.css";
import "./styles/call.css";
import "./styles/panel.css";

createRoot(document.getElementById("root")!).render(<App />);

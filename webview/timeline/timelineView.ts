/** placeholder while the chart is written */
export {};
